using Bioproxy.Host.Models.Slots;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class RamCacheModelTests
{
    private readonly RamCacheModel _ram = new();

    [Fact]
    public void LongestPrefixOf_SeveralPrefixes_IsTheLongest()
    {
        _ram.Add(Content("system "));
        _ram.Add(Content("system and user "));
        _ram.Add(Content("system and another "));

        Assert.Equal(Content("system and user ").Length, Longest("system and user and more"));
        Assert.Equal(0, Longest("something else"));
    }

    [Fact]
    public void Add_SavedOrNothing_IsNotExpected()
    {
        _ram.Add(Content("system ") with { IsSaved = true });
        _ram.Add(SlotContent.Nothing);
        _ram.Add(null);

        Assert.Equal(0, Longest("system and user"));
    }

    [Theory]
    [InlineData("ada", true)]
    [InlineData("bob", false)]
    [InlineData(null, false)]
    public void LongestPrefixOf_ContentOfADomain_IsOnlyThatDomains(string? domain, bool isFound)
    {
        _ram.Add(Content("system ") with { Domain = "ada" });

        Assert.Equal(isFound, Longest("system and user", domain) > 0);
    }

    [Fact]
    public void Answered_TwoMissesInARow_NothingIsExpectedUntilAHit()
    {
        _ram.Add(Content("system "));
        _ram.Answered(hadIt: false);
        _ram.Answered(hadIt: true);
        _ram.Answered(hadIt: false);
        Assert.Equal(Content("system ").Length, Longest("system and user"));

        _ram.Answered(hadIt: false);
        Assert.False(_ram.IsExpectedToWork);
        Assert.Equal(0, Longest("system and user"));

        _ram.Answered(hadIt: true);
        Assert.Equal(Content("system ").Length, Longest("system and user"));
    }

    [Fact]
    public void Add_ManyContents_TheOldestAreForgotten()
    {
        _ram.Add(Content("system "));
        for (var i = 0; i < 64; i++)
            _ram.Add(Content($"other {i} "));

        Assert.Equal(0, Longest("system and user"));
        Assert.Equal(Content("other 0 ").Length, Longest("other 0 and user"));
    }

    private int Longest(string text, string? domain = null)
    {
        using var prompt = TestPrompts.Of(text, domain);
        return _ram.LongestPrefixOf(prompt);
    }

    private static SlotContent Content(string text)
    {
        using var prompt = TestPrompts.Of(text);
        return new SlotContent(prompt.Chain, 1, IsSaved: false);
    }
}
