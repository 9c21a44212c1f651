using Bioproxy.Host.Doctor;

namespace Bioproxy.UnitTests.Doctor;

public sealed class CanaryTests
{
    [Fact]
    public void Prompts_ShareOnlyTheFirstToken()
    {
        var canary = new Canary([.. Enumerable.Range(1, 300)]);

        var first = canary.Prompt(50);
        var next = canary.Continue(first);
        var second = canary.Prompt(50);

        Assert.Equal(50, first.Length);
        Assert.Equal(first, next[..50]);
        Assert.Equal([1], first.Intersect(second));
        Assert.Empty(next[50..].Intersect([.. first, .. second]));
        Assert.True(canary.Has(40));
        Assert.False(canary.Has(50));
    }

    [Fact]
    public void Words_AnotherSeed_IsAnotherText() => Assert.NotEqual(Canary.Words(40, new Random(1)), Canary.Words(40, new Random(2)));
}
