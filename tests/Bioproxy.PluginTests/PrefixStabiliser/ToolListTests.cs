using System.Text;
using Bioproxy.PrefixStabiliser;

namespace Bioproxy.PluginTests.PrefixStabiliser;

public sealed class ToolListTests
{
    public static TheoryData<string[]> Lists => new()
    {
        // The order in which they belong.
        new[]
        {
            """{"type":"function","function":{"name":"alpha","description":"\u0041 1.0"}}""",
            """{ "function" : {"name":"beta"}, "type":"function" }""",
            """{"type":"function","function":{"parameters":{"name":"aaa"},"name":"gamma"}}""",
        },
        new[]
        {
            """{"name":"Zeta"}""",
            """{"name":"alpha","input_schema":{"type":"object","properties":{"name":{}}},"cache_control":{"type":"ephemeral"}}""",
            """{"description":"d","name":"\u0062eta"}""",
            """{"name":"gamma"}""",
        },
        new[] { """{"type":"function","name":"search"}""", """{"type":"web_search"}""", """{"type":"x","name":7}""" },
        new[] { """{"name":"same","a":1}""", """{"name":"same","a":2}""", """{"name":"same","a":2}""" },
        new[] { "{}", """{"name":"a"}""" },
        new[] { """{"name":"only"}""" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void Sorting_EveryOrderOfTheSameTools_GivesTheSameBytes(string[] tools)
    {
        foreach (var separator in new[] { ",", " ,\n  " })
        {
            var expected = $"[ {string.Join(separator, tools)} ]";
            foreach (var order in Orders(tools))
            {
                var list = $"[ {string.Join(separator, order)} ]";
                var sorted = Sort(list);
                Assert.Equal(expected, sorted ?? list);
                Assert.Equal(list == expected, sorted is null);
                Assert.Null(Sort(expected)); // sorted is sorted
            }
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("\"tools\"")]
    [InlineData("""[{"name":"b"},"a"]""")]
    [InlineData("""[{"name":"b"},[{"name":"a"}]]""")]
    public void Sorting_NoListOfTools_LeavesIt(string value) => Assert.Null(Sort(value));

    private static string? Sort(string list) => ToolList.Sort(Encoding.UTF8.GetBytes(list)) is { } sorted
        ? Encoding.UTF8.GetString(sorted.Span)
        : null;

    private static IEnumerable<string[]> Orders(string[] tools)
    {
        if (tools.Length <= 1)
            return [tools];
        return Enumerable.Range(0, tools.Length).SelectMany(i => Orders([.. tools.Where((_, j) => j != i)])
            .Select(rest => (string[])[tools[i], .. rest]));
    }
}
