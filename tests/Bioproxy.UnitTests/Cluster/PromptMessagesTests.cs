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

        var wrong = new Bioproxy.Cluster.Messages.PromptMessage { Text = message.Text[..1000], Hashes = message.Hashes };

        Assert.Throws<InvalidDataException>(() => PromptMessages.Read(wrong, null));
    }
}
