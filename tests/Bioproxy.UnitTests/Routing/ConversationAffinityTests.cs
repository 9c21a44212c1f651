using Bioproxy.Host.Models;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Routing;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Routing;

public sealed class ConversationAffinityTests : IAsyncDisposable
{
    private static readonly string Turn = ModelFixture.Text('a', 3000);

    private readonly ModelFixture _one = new(name: "one");
    private readonly ModelFixture _two = new(name: "two");
    private readonly ConversationAffinity _affinity = new();

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Theory]
    [InlineData("the next turn")]
    [InlineData("")]
    public void PlaceOf_ConversationGoesOn_IsWhereItWas(string more)
    {
        Remember(Turn, _one);

        Assert.Same(_one.Model, PlaceOf(Turn + more));
    }

    [Fact]
    public void PlaceOf_AnotherConversationWithTheSameInstruction_IsNotKnown()
    {
        Remember(Turn + "first question", _one);

        Assert.Null(PlaceOf(Turn + "second question"));
    }

    [Fact]
    public void PlaceOf_ConversationMoved_IsWhereItWasLast()
    {
        Remember(Turn, _one);
        Remember(Turn + "b", _two);

        Assert.Same(_two.Model, PlaceOf(Turn + "bc"));

        Remember(Turn + "b", _one); // the same turn again, elsewhere
        Assert.Same(_one.Model, PlaceOf(Turn + "bc"));
    }

    [Fact]
    public void PlaceOf_TheClientNamesItsConversation_IsKnownThoughItsTextChanged()
    {
        Remember("one text", _two, session: "s");

        Assert.Same(_two.Model, PlaceOf("another text", session: "s"));
        Assert.Null(PlaceOf("another text", session: "t"));
    }

    [Fact]
    public void PlaceOf_AnotherDomain_IsNotKnown()
    {
        Remember(Turn, _one, domain: "alice");

        Assert.Null(PlaceOf(Turn + "b", domain: "bob"));
    }

    [Fact]
    public void PlaceOf_ManyConversationsLater_IsForgotten()
    {
        Remember(Turn, _one);
        for (var i = 0; i < 512; i++)
            Remember($"conversation {i}", _two);

        Assert.Null(PlaceOf(Turn + "b"));
    }

    private void Remember(string text, ModelFixture place, string? domain = null, string? session = null)
    {
        using var prompt = TestPrompts.Of(text, domain, session);
        _affinity.Remember(prompt, place.Model);
    }

    private ServedModel? PlaceOf(string text, string? domain = null, string? session = null)
    {
        using CanonicalPrompt prompt = TestPrompts.Of(text, domain, session);
        return _affinity.PlaceOf(prompt);
    }
}
