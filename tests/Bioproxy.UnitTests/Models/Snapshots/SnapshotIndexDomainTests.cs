using Bioproxy.Host.Models.Snapshots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>Which domains' snapshots a prompt may use, and those that share only a prefix with it.</summary>
public sealed class SnapshotIndexDomainTests
{
    private static readonly string Template = new('t', 5000);
    private static readonly string Conversation = Template + new string('c', 5000);
    private static readonly string Question = Conversation + "and now?";

    private SnapshotIndex _index = SnapshotIndex.Empty;

    [Theory]
    [InlineData("ada", "ada's")]
    [InlineData("bob", "template")]
    [InlineData(null, "template")]
    public void Best_ConversationOfADomain_IsItsOwnAlone(string? domain, string expected)
    {
        Add("template", Template);
        Add("ada's", Conversation, "ada");

        Assert.Equal(expected, Best(Question, domain));
    }

    [Theory]
    [InlineData("ada", "ada's")]
    [InlineData("bob", "bob's")]
    [InlineData("eve", "nobody's")]
    [InlineData(null, "nobody's")]
    public void Best_TheSameTextInSeveralDomains_OnesOwnGoesFirst(string? domain, string expected)
    {
        Add("ada's", Conversation, "ada");
        Add("nobody's", Conversation);
        Add("bob's", Conversation, "bob");

        Assert.Equal(expected, Best(Question, domain));
    }

    [Fact]
    public void Best_NobodysCoversMore_GoesBeforeOnesOwn()
    {
        Add("ada's", Template, "ada");
        Add("nobody's", Conversation);

        Assert.Equal("nobody's", Best(Question, "ada"));
    }

    [Theory]
    [InlineData("ada", "ada's", 8192)]
    [InlineData("bob", "template", 4096)]
    [InlineData(null, "template", 4096)]
    public void Through_ConversationOfADomain_IsItsOwnAlone(string? domain, string expected, int shared)
    {
        Add("template", Template + new string('x', 4000));
        Add("ada's", Conversation, "ada");

        Assert.Equal((expected, shared), Through(Conversation[..9000] + "an edited question", domain));
    }

    [Fact]
    public void Through_LessThanAWaypointIsShared_FindsNothing()
    {
        Add("one", Template);

        Assert.Null(Through(Template[..2000] + new string('y', 4000), null));
        Assert.Null(Through(Template, null, fingerprint: "another model"));
        Assert.Equal(("one", 4096), Through(Template[..4096] + "y", null));
    }

    [Fact]
    public void Through_Removed_IsNotFoundAnyMore()
    {
        Add("one", Template);

        _index = _index.Without(Assert.Single(_index.All));

        Assert.Null(Through(Template + "y", null));
        Assert.Null(Best(Template + "y", null));
    }

    private void Add(string file, string text, string? domain = null)
    {
        using var prompt = TestPrompts.Of(text);
        _index = _index.With(new Snapshot(file, "", "model", 7, "", 70, DateTimeOffset.UnixEpoch, prompt.Chain) { Domain = domain });
    }

    private string? Best(string text, string? domain)
    {
        using var prompt = TestPrompts.Of(text, domain);
        return _index.Best(prompt, "model")?.File;
    }

    private (string File, int Shared)? Through(string text, string? domain, string fingerprint = "model")
    {
        using var prompt = TestPrompts.Of(text, domain);
        return _index.Through(prompt, fingerprint) is { } found ? (found.Snapshot.File, found.Shared) : null;
    }
}
