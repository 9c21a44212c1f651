using System.Text.Json;

namespace Bioproxy.Benchmarks.Routing;

/// <summary>Reads traces in the format of the Mooncake paper: one JSON object a line with <c>timestamp</c> (ms), <c>output_length</c>
/// (tokens) and <c>hash_ids</c>.</summary>
internal static class TraceReader
{
    public static IReadOnlyList<TraceRequest> Read(string path) => Parse(File.ReadLines(path));

    /// <summary>The requests in order of arrival; those of one instant keep the order of the file.</summary>
    /// <exception cref="FormatException">A line is not a request; the message names it.</exception>
    public static IReadOnlyList<TraceRequest> Parse(IEnumerable<string> lines) =>
        [.. lines.Index().Where(line => !string.IsNullOrWhiteSpace(line.Item)).Select(line => One(line.Item, line.Index + 1))
            .OrderBy(request => request.Seconds)];

    private static TraceRequest One(string line, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new TraceRequest(
                root.GetProperty("timestamp").GetDouble() / 1000,
                root.GetProperty("output_length").GetInt32(),
                [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt32())]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"Line {number} of the trace is not a request: {e.Message}", e);
        }
    }
}
