using System.Text;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.PromptTests;

public sealed class ListLengthTests
{
    [Theory]
    [InlineData("""{"input":"a"}""", 1)]
    [InlineData("""{"input":["a","b","c"]}""", 3)]
    [InlineData("""{"input":[1,2,3]}""", 1)]
    [InlineData("""{"input":[[1,2],[3]]}""", 2)]
    [InlineData("""{"input":[]}""", 1)]
    [InlineData("""{"content":["a","b"]}""", 2)]
    [InlineData("""{"query":"q","documents":["a","b",{"text":"c"}]}""", 3)]
    [InlineData("""{"x":{"input":["a","b"]}}""", 1)]
    [InlineData("""[1,2]""", 1)]
    [InlineData("""{"input":["a",""", 1)]
    [InlineData("", 1)]
    public void Of_Body_IsTheNumberOfItsPrompts(string json, int expected) =>
        Assert.Equal(expected, ListLength.Of(Encoding.UTF8.GetBytes(json)));
}
