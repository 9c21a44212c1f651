using System.Text;
using System.Text.Json;
using Bioproxy.Host.Json;

namespace Bioproxy.UnitTests.Json;

public sealed class JsonLookupTests
{
    [Theory]
    [InlineData("""{"n":12}""", 12)]
    [InlineData("""{"n":-1}""", -1)]
    [InlineData("""{"n":1.5}""", null)]
    [InlineData("""{"n":3000000000}""", null)]
    [InlineData("""{"n":"12"}""", null)]
    [InlineData("""{"n":null}""", null)]
    [InlineData("""{"m":12}""", null)]
    [InlineData("""{"n":12,"\ud800x":1}""", null)] // a name that is not Unicode cannot be compared
    [InlineData("""[12]""", null)]
    public void Number_Member_IsAWholeNumberOrNull(string json, int? expected)
    {
        using var document = JsonDocument.Parse(json);

        Assert.Equal(expected, document.RootElement.Number("n"));
    }

    [Theory]
    [InlineData("""data: {"usage":{"a":1}}""", """{"a":1}""")]
    [InlineData("""{"usage":{"a":1}} {"usage":{"a":2}}""", """{"a":2}""")]
    [InlineData("""{"usage":{"a":1}} {"usage":{"a":""", null)] // only the last one counts
    [InlineData("""{"usage":[1]}""", null)]
    [InlineData("""{"usage":null}""", null)]
    [InlineData("""{"usage":?}""", null)]
    [InlineData("""{"usage":""", null)]
    [InlineData("""{"text":"\"usage\":{}"}""", null)]
    [InlineData("", null)]
    public void LastObject_Bytes_IsTheCompleteObjectBehindTheLastName(string bytes, string? expected) =>
        Assert.Equal(expected, JsonLookup.LastObject(Encoding.UTF8.GetBytes(bytes), "\"usage\":"u8)?.GetRawText());
}
