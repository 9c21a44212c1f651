using Bioproxy.Host.Cluster;
using Bioproxy.UnitTests.Models;
using Bioproxy.UnitTests.PromptTests;

namespace Bioproxy.UnitTests.Cluster;

public sealed class PromptMessagesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(5000)]
    public void Prompt_AsAMessage_IsTheSame(int length)
    {
        using var prompt = TestPrompts.Of(ModelFixture.Text('a', length));

        using var read = PromptMessages.Read(PromptMessages.Of(prompt), "domain")!;

        Assert.Equal(prompt.Text.ToArray(), read.Text.ToArray());
        Assert.Equal(prompt.Chain.Blocks, read.Chain.Blocks);
        Assert.Equal((prompt.Chain.End, prompt.Chain.Length), (read.Chain.End, read.Chain.Length));
        Assert.Equal(prompt.Chain.TailCheck, read.Chain.TailCheck);
        Assert.Equal((prompt.Opening, prompt.FirstMessage, prompt.HeadLength), (read.Opening, read.FirstMessage, read.HeadLength));
        Assert.Equal(prompt.Chain.Length, read.SharedWith(prompt.Chain));
        Assert.True(read.StartsWith(prompt.Chain));
        Assert.Equal("domain", read.Domain);
    }

    /// <summary>What the owner recognises side requests by.</summary>
    [Fact]
    public void Shape_AsAMessage_IsTheSame()
    {
        using var prompt = TestPrompts.Chat("""
            {"max_tokens":7,"tools":[{"name":"t"}],"response_format":{"type":"json_schema"},"messages":[{"role":"user","content":"q"},
            {"role":"assistant","content":"a"},{"role":"user","content":"r"}]}
            """);

        using var read = PromptMessages.Read(PromptMessages.Of(prompt), null)!;

        Assert.Equal(prompt.Shape, read.Shape);
        Assert.Equal(prompt.Endpoint, read.Endpoint);
    }

    [Fact]
    public void Message_HashesAndTextDoNotFit_IsRefused()
    {
        using var prompt = TestPrompts.Of(ModelFixture.Text('a', 3000));
        var message = PromptMessages.Of(prompt)!;

        var whole = message.Text;
        foreach (var (text, length) in new[] { (whole, 1000), (whole[..1000], 3000), (whole[..1000], 1000) })
        {
            var wrong = new Bioproxy.Cluster.Messages.PromptMessage { Text = text, Length = length, Hashes = message.Hashes };
            Assert.Throws<InvalidDataException>(() => PromptMessages.Read(wrong, null));
        }
    }

    /// <summary>Only the end of what is held is taken on trust, and only behind a block that is known to be the same.</summary>
    [Theory]
    [InlineData(5000, 0)]
    [InlineData(5000, 1000)]
    [InlineData(5000, 4500)]
    [InlineData(5000, 5000)]
    [InlineData(100_000, 99_999)]
    public void Outline_ComparedWithWhatIsHeld_SharesAsMuchButForTheLastBlock(int length, int held)
    {
        var text = Random(length);
        using var prompt = TestPrompts.Of(text);
        using var read = PromptMessages.Read(PromptMessages.OutlineOf(prompt), "domain")!;
        using var beginning = TestPrompts.Of(text[..held]);
        using var edited = TestPrompts.Of(text[..held] + "!" + text[Math.Min(length, held + 1)..]);
        using var another = TestPrompts.Of(Random(length)[1..]);

        Assert.True(read.IsOutline);
        Assert.Throws<InvalidOperationException>(() => read.Text.Length);
        Assert.Equal(prompt.SharedWith(beginning.Chain) is var shared && held > 1024 ? shared : 0, read.SharedWith(beginning.Chain));
        Assert.InRange(read.SharedWith(edited.Chain) - prompt.SharedWith(edited.Chain), 0, 1023);
        Assert.Equal(0, read.SharedWith(another.Chain));
        Assert.Equal(prompt.StartsWith(prompt.Chain), read.StartsWith(prompt.Chain));
        Assert.Equal((prompt.Opening, prompt.FirstMessage, prompt.Shape), (read.Opening, read.FirstMessage, read.Shape));
    }

    [Fact]
    public void Outline_OfAShortPrompt_HasItsText()
    {
        using var prompt = TestPrompts.Of(ModelFixture.Text('a', 3000));

        using var read = PromptMessages.Read(PromptMessages.OutlineOf(prompt), null)!;

        Assert.Equal(prompt.Text.ToArray(), read.Text.ToArray());
    }

    private static string Random(int length) => string.Create(length, new Random(length), static (text, random) =>
    {
        for (var i = 0; i < text.Length; i++)
            text[i] = (char)random.Next('a', 'z');
    });

    [Fact]
    public void Message_OfNoPrompt_IsNone()
    {
        Assert.Null(PromptMessages.Of(null));
        Assert.Null(PromptMessages.OutlineOf(null));
    }
}
