using Bioproxy.Doubles;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginSetTests
{
    [Fact]
    public void Unpin_LastPin_EndsItOnceAndForGood()
    {
        var ended = new List<PluginSet>();
        var set = new PluginSet([], null, ended.Add);
        Assert.True(set.TryPin());

        set.Unpin();
        Assert.Empty(ended);
        set.Unpin();

        Assert.Same(set, Assert.Single(ended));
        Assert.False(set.TryPin());
        Assert.False(set.TryPin());
        Assert.Single(ended);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task TryPin_ManyAtOnce_EndsOnceBehindTheLastOfThem(int seed)
    {
        for (var round = 0; round < 40; round++)
        {
            var (pinned, ends, wrong) = (0, 0, 0);
            var set = new PluginSet([], null, _ =>
            {
                Interlocked.Increment(ref ends);
                if (Volatile.Read(ref pinned) != 0)
                    Interlocked.Increment(ref wrong);
            });
            var users = Enumerable.Range(0, 2).Select(user => Task.Run(() =>
            {
                var random = new Random((seed * 1000) + (round * 10) + user);
                while (set.TryPin())
                {
                    Interlocked.Increment(ref pinned);
                    if (Volatile.Read(ref ends) > 0)
                        Interlocked.Increment(ref wrong);
                    Thread.SpinWait(random.Next(50));
                    Interlocked.Decrement(ref pinned);
                    set.Unpin();
                }
            })).ToList();

            // On this thread: one from the pool might come only when the others have ended, and they end with it.
            Thread.SpinWait(new Random(seed + round).Next(5000));
            set.Unpin();
            await Task.WhenAll(users).DefaultTimeout();

            Assert.Equal((1, 0, 0), (ends, wrong, pinned));
        }
    }

    [Fact]
    public void Parts_OfSeveralPlugins_AreSortedAndThoseWithCommandsApart()
    {
        using var set = TestPlugin.Set(
            new TestPlugin("b").Transform("y").Transform("x").Transform("early", -1).Transform("asked", 0, "do").Response("r2",
                2).Handler("h"),
            new TestPlugin("a").Transform("z").Response("r1", 1).Response("asked", 0, "do").Handler("asked", 0, "other"));

        Assert.Equal(["early", "z", "x", "y"], set.Transforms.Select(part => part.Name));
        Assert.Equal(["r1", "r2"], set.Responses.Select(part => part.Name));
        Assert.Equal(["h"], set.Handlers.Select(part => part.Name));
        Assert.Equal(["do", "other"], set.Commands.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((1, 1, 0), (set.Commands["do"].Transforms.Count, set.Commands["do"].Responses.Count,
            set.Commands["do"].Handlers.Count));
    }
}
