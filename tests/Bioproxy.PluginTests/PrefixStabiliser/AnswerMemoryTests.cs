using Bioproxy.PrefixStabiliser;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class AnswerMemoryTests
{
    [Fact]
    public void Adding_MoreThanItHolds_ForgetsWhatWasNotUsedForLongest()
    {
        var memory = new AnswerMemory();
        var text = new string('a', 1 << 20);
        for (var i = 0; i < 16; i++)
        {
            memory.Set(Key(i), text);
            Assert.NotNull(memory.Find(Key(0)));
        }

        Assert.Null(memory.Find(Key(1)));
        Assert.NotNull(memory.Find(Key(15)));
        memory.Set(Key(16), text + "a"); // longer than anything it keeps
        Assert.Null(memory.Find(Key(16)));
    }

    private static MemoryKey Key(int number) => MemoryKey.Arguments("d", $"{number}");
}
