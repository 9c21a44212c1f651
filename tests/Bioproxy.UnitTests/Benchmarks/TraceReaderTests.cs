using Bioproxy.Benchmarks.Routing;

namespace Bioproxy.UnitTests.Benchmarks;

public sealed class TraceReaderTests
{
    private const string Good = """{"timestamp": 1500, "input_length": 600, "output_length": 7, "hash_ids": [0, 4]}""";

    [Fact]
    public void Parse_OneLine_HasItsFigures()
    {
        var request = Assert.Single(TraceReader.Parse([Good, ""]));

        Assert.Equal(1.5, request.Seconds);
        Assert.Equal(7, request.OutputTokens);
        Assert.Equal([0, 4], request.Blocks);
    }

    [Fact]
    public void Parse_LinesOutOfOrder_AreSortedByTimeAndKeepTheirOrderWithin()
    {
        var requests = TraceReader.Parse([Line(2000, 1), Line(1000, 2), Line(2000, 3)]);

        Assert.Equal([2, 1, 3], requests.Select(request => request.Blocks[0]));
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("""{"timestamp": 1, "output_length": 1}""")]
    [InlineData("""{"timestamp": "late", "output_length": 1, "hash_ids": []}""")]
    public void Parse_BrokenLine_NamesIt(string broken)
    {
        var error = Assert.Throws<FormatException>(() => TraceReader.Parse([Good, broken]));

        Assert.Contains("Line 2 ", error.Message, StringComparison.Ordinal);
    }

    private static string Line(int timestamp, int block) =>
        $$"""{"timestamp": {{timestamp}}, "output_length": 1, "hash_ids": [{{block}}]}""";
}
