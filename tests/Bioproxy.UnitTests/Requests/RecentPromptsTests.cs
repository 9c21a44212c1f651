using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Requests;

public sealed class RecentPromptsTests : IDisposable
{
    private readonly RecentPrompts _recent = new();

    public void Dispose() => _recent.Dispose();

    [Fact]
    public void Closest_Several_IsTheOneMostLikeIt()
    {
        Keep("the weather today");
        Keep("the weather tomorrow");
        Keep("another thing");

        Assert.Equal("on?", Closest("the weather tomoon?"));
    }

    [Fact]
    public void Closest_AnotherDomain_IsNeverCompared()
    {
        Keep("the weather today", "ada");

        Assert.Null(Closest("the weather tomorrow", "bob"));
        Assert.Null(Closest("the weather tomorrow"));
        Assert.Equal("morrow", Closest("the weather tomorrow", "ada"));
    }

    [Fact]
    public void Keep_TooMany_TheOldestAreDisposed()
    {
        var prompts = Enumerable.Range(0, 65).Select(i => Keep($"prompt {i}")).ToList();

        Assert.Throws<ObjectDisposedException>(() => prompts[0].Text.Length);
        Assert.All(prompts.Skip(1), prompt => Assert.True(prompt.Text.Length > 0));
    }

    [Fact]
    public void Keep_TooManyBytes_TheOldestAreDisposed()
    {
        var prompts = Enumerable.Range(0, 5).Select(i => Keep(new string((char)('a' + i), 4_000_000))).ToList();

        Assert.Throws<ObjectDisposedException>(() => prompts[0].Text.Length);
        Assert.All(prompts.Skip(1), prompt => Assert.True(prompt.Text.Length > 0));
    }

    [Fact]
    public void Keep_LargerThanAll_NothingStays()
    {
        var prompt = Keep(new string('a', 17 << 20));

        Assert.Throws<ObjectDisposedException>(() => prompt.Text.Length);
        Assert.Null(Closest("a"));
    }

    [Fact]
    public void Dispose_AllAreDisposed()
    {
        var prompt = Keep("prompt");

        _recent.Dispose();

        Assert.Throws<ObjectDisposedException>(() => prompt.Text.Length);
    }

    private CanonicalPrompt Keep(string text, string? domain = null)
    {
        var prompt = TestPrompts.Of(text, domain);
        _recent.Keep(prompt);
        return prompt;
    }

    private string? Closest(string text, string? domain = null)
    {
        using var prompt = TestPrompts.Of(text, domain);
        return _recent.Closest(prompt, withExcerpt: true)?.Excerpt;
    }
}
