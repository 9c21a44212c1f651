using System.Text;
using Bioproxy.Host.Json;

namespace Bioproxy.UnitTests.Json;

/// <summary>What llama-server reads as JSON; each case was tried on build 11669.</summary>
public sealed class JsonExtentTests
{
    [Theory]
    [InlineData("{}", 0, 2)]
    [InlineData("\uFEFF{}", 3, 2)]
    [InlineData("\uFEFF\uFEFF{}", 3, 5)]
    [InlineData(" \uFEFF{}", 0, 6)]
    [InlineData("{}\0", 0, 2)]
    [InlineData("{} \0abc\0", 0, 3)]
    [InlineData("\uFEFF{}\0{", 3, 2)]
    [InlineData("\0{}", 0, 0)]
    [InlineData("", 0, 0)]
    [InlineData("\uFEFF", 3, 0)]
    public void Of_Body_IsWhatTheBackendReads(string body, int start, int length) =>
        Assert.Equal(new JsonRange(start, length), JsonExtent.Of(Encoding.UTF8.GetBytes(body)));
}
