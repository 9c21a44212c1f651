using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class ReplacedMemberTests
{
    private const string Body =
        """{"model":"m", "tools" : [1, 2] ,"messages":[{"role":"user","content":"a","tools":"no"}]"""
        + ""","empty":[],"big":12345678901234567890}""";

    [Theory]
    [InlineData("tools", "[1, 2]")]
    [InlineData("empty", "[]")]
    [InlineData("model", "\"m\"")]
    [InlineData("messages", """[{"role":"user","content":"a","tools":"no"}]""")]
    [InlineData("missing", null)]
    [InlineData("role", null)]
    public void Member_Name_IsItsValue(string name, string? expected) => Assert.Equal(expected, Text(Read(Body).Context.Member(name)));

    [Theory]
    [InlineData("messages")]
    [InlineData("input")]
    [InlineData("prompt")]
    [InlineData("model")]
    [InlineData("stream")]
    [InlineData("id_slot")]
    [InlineData("return_progress")]
    [InlineData("prompt_cache_key")]
    [InlineData("user")]
    [InlineData("cache_prompt")]
    [InlineData("n")]
    [InlineData("n_cmpl")]
    public void Replace_WhatTheHostWorksWith_IsRefused(string name)
    {
        var prompt = Read($$"""{"messages":[],"{{name}}":1}""");

        Assert.Equal("name", Assert.Throws<ArgumentException>(() => prompt.Context.ReplaceMember(name, "2"u8.ToArray())).ParamName);
        Assert.Empty(prompt.Splices());
    }

    [Fact]
    public void Replace_MemberTheBodyHasNot_IsRefused() =>
        Assert.Throws<InvalidOperationException>(() => Read(Body).Context.ReplaceMember("system", "1"u8.ToArray()));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("[1,]")]
    [InlineData("1 2")]
    [InlineData("'a'")]
    [InlineData("// no\n1")]
    public void Replace_NoJson_IsRefused(string value)
    {
        var prompt = Read(Body);

        var thrown = Assert.Throws<ArgumentException>(
            () => prompt.Context.ReplaceMember("tools", Encoding.UTF8.GetBytes(value)));

        Assert.Equal("value", thrown.ParamName);
        Assert.Equal("[1, 2]", Text(prompt.Context.Member("tools")));
        Assert.Empty(prompt.Splices());
    }

    [Fact]
    public void Replace_Member_ChangesNothingElse()
    {
        var prompt = Read(Body);

        prompt.Context.ReplaceMember("tools", "[3]"u8.ToArray());
        prompt.Context.ReplaceMember("tools", "{\"4\":\t4}"u8.ToArray());
        prompt.Context.Messages[0].Parts[0].Text = "b";

        Assert.Equal("{\"4\":\t4}", Text(prompt.Context.Member("tools")));
        Assert.Equal(
            Body.Replace("[1, 2]", "{\"4\":\t4}", StringComparison.Ordinal).Replace("\"a\"", "\"b\"", StringComparison.Ordinal),
            Spliced(prompt));
    }

    [Fact]
    public void Replace_OneOfSeveralWithTheName_ReplacesTheLast()
    {
        var prompt = Read("""{"tools":[1],"messages":[],"t\u006fols":[2],"tool":[3]}""");
        Assert.Equal("[2]", Text(prompt.Context.Member("tools")));

        prompt.Context.ReplaceMember("tools", "[4]"u8.ToArray());

        Assert.Equal("""{"tools":[1],"messages":[],"t\u006fols":[4],"tool":[3]}""", Spliced(prompt));
    }

    [Theory]
    [InlineData("[1, 2]", "[5]")]
    [InlineData("[1, 2]", "[]")]
    [InlineData("[]", "[5]")]
    [InlineData("null", "{\"a\":1}")]
    [InlineData("[]", "null")]
    public void Canonical_ReplacedMember_IsAsIfItHadBeenSent(string sent, string replaced)
    {
        var prompt = Read(WithTools(sent));
        prompt.Context.ReplaceMember("tools", Encoding.UTF8.GetBytes(replaced));

        using var canonical = CanonicalPrompt.Build(prompt);
        using var expected = CanonicalPrompt.Build(Read(WithTools(replaced)));

        Assert.Equal(expected.Text.ToArray(), canonical.Text.ToArray());
        Assert.Equal(expected.HeadNames, canonical.HeadNames);
    }

    [Fact]
    public void Canonical_OtherToolsReplaced_DiffersFromWhatWasSent()
    {
        var prompt = Read(Body);
        using var before = CanonicalPrompt.Build(prompt);
        prompt.Context.ReplaceMember("tools", "[5]"u8.ToArray());
        using var after = CanonicalPrompt.Build(prompt);

        Assert.NotEqual(before.Text.ToArray(), after.Text.ToArray());
        using var valid = JsonDocument.Parse(Spliced(prompt));
    }

    private static string WithTools(string tools) => $$"""{"system":"s","tools":{{tools}},"messages":[{"role":"user","content":"a"}]}""";

    private static string? Text(ReadOnlyMemory<byte>? value) => value is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    private static EditablePrompt Read(string json) =>
        new(PromptBody.Read(Encoding.UTF8.GetBytes(json), PromptEndpoint.Chat)!, "id", isWarmUp: false);

    private static string Spliced(EditablePrompt prompt) =>
        Encoding.UTF8.GetString(new SplicedBody(prompt.Source.Body, prompt.Splices()).ToArray());
}
