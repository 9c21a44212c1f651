using System.Text;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class PromptChainTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5000)]
    public void Of_Text_HasItsFullBlocksAndTheRest(int length)
    {
        var chain = PromptChain.Of(new byte[length]);

        Assert.Equal((length, length / 1024, length % 1024), (chain.Length, chain.BlockCount, chain.TailLength));
    }

    [Fact]
    public void Of_SameText_IsTheSameChain()
    {
        var a = PromptChain.Of(Encoding.UTF8.GetBytes(new string('x', 3000)));
        var b = PromptChain.Of(Encoding.UTF8.GetBytes(new string('x', 3000)));

        Assert.Equal(a.Blocks, b.Blocks);
        Assert.Equal(a.End, b.End);
    }

    [Fact]
    public void Of_EqualBlocks_DoNotHashEqually()
    {
        var chain = PromptChain.Of(new byte[3 * 1024]);

        Assert.Equal(3, chain.Blocks.Distinct().Count());
        Assert.NotEqual(chain.After(3), chain.End);
    }

    [Fact]
    public void Of_OneByteDiffers_AllBlocksFromThereDiffer()
    {
        var text = new byte[4096];
        var a = PromptChain.Of(text);
        text[1500] = 1;
        var b = PromptChain.Of(text);

        Assert.Equal([true, false, false, false], Enumerable.Range(1, 4).Select(i => a.After(i) == b.After(i)));
        Assert.NotEqual(a.End, b.End);
        Assert.Equal(default, a.After(0));
    }

    [Fact]
    public void Hash_TextAndBack_IsTheSame()
    {
        var hash = ChainHash.Of("some text"u8);

        Assert.Equal(32, hash.ToString().Length);
        Assert.Equal(hash, ChainHash.Parse(hash.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("abcd")]
    [InlineData("zz000000000000000000000000000000")]
    public void Hash_NoHash_IsAFormatError(string text) => Assert.Throws<FormatException>(() => ChainHash.Parse(text));

    [Fact]
    public void SharedWith_RandomTexts_IsNeverMoreThanTheCommonBeginningAndAtMostABlockLess()
    {
        var random = new Random(3);
        for (var round = 0; round < 3000; round++)
        {
            var common = random.Next(3) == 0 ? 1024 * random.Next(0, 5) : random.Next(0, 5000);
            var prompt = Text(random, common, random.Next(4) == 0 ? 0 : random.Next(0, 3000));
            var held = Text(random, common, random.Next(3) == 0 ? 0 : random.Next(0, 3000), prompt.AsSpan(0, common));
            var shared = 0;
            while (shared < prompt.Length && shared < held.Length && prompt[shared] == held[shared])
                shared++;

            using var canonical = CanonicalPrompt.Copy(prompt);

            var expected = shared == held.Length ? held.Length : shared / 1024 * 1024;
            Assert.Equal(expected, canonical.SharedWith(PromptChain.Of(held)));
        }
    }

    [Fact]
    public void SharedWith_TailThatDiffers_IsNotShared()
    {
        var text = Text(new Random(1), 3000, 0);
        using var prompt = CanonicalPrompt.Copy(text);
        var held = PromptChain.Of(text.AsSpan(0, 2500));

        Assert.Equal(2500, prompt.SharedWith(held));
        Assert.Equal(2500, prompt.SharedWith(With(held.Length, held.End, check: null))); // from a sidecar that has no checksum
        Assert.Equal(2048, prompt.SharedWith(With(2499, held.End, held.TailCheck)));
        Assert.Equal(2048, prompt.SharedWith(With(2499, held.End, check: null)));
        Assert.Equal(2048, prompt.SharedWith(With(held.Length, held.After(2), held.TailCheck))); // the checksum proves nothing
        Assert.Equal(2048, prompt.SharedWith(With(3001, held.End, held.TailCheck)));

        PromptChain With(int length, ChainHash end, uint? check) => new([held.After(1), held.After(2)], length, end, check);
    }

    private static byte[] Text(Random random, int common, int more, ReadOnlySpan<byte> beginning = default)
    {
        var text = new byte[common + more];
        random.NextBytes(text);
        beginning.CopyTo(text);
        return text;
    }
}
