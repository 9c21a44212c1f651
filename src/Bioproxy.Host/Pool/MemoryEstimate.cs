using System.Globalization;
using System.Text.RegularExpressions;

namespace Bioproxy.Host.Pool;

/// <summary>
/// Estimates what a llama-server needs from its command line and its model's file: the weights of all files, and the KV cache of the whole
/// context. Sliding windows, compute buffers and memory that is only mapped are ignored.
/// </summary>
internal static partial class MemoryEstimate
{
    private const double DefaultElementBytes = 2; // f16

    // ggml's blocks: bytes of a block over its elements.
    private static readonly Dictionary<string, double> ElementBytes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["f32"] = 4,
        ["f16"] = DefaultElementBytes,
        ["bf16"] = 2,
        ["q8_0"] = 34 / 32d,
        ["q5_1"] = 24 / 32d,
        ["q5_0"] = 22 / 32d,
        ["q4_1"] = 20 / 32d,
        ["q4_0"] = 18 / 32d,
        ["iq4_nl"] = 18 / 32d,
    };

    /// <param name="commandLine">The server's command line.</param>
    /// <param name="folder">Where its relative paths start.</param>
    /// <returns>Bytes; null when the command line names no model file, or the file cannot be read.</returns>
    public static long? Of(IReadOnlyList<string> commandLine, string folder)
    {
        if (FileOf(commandLine, folder) is not { } path)
            return null;
        if (GgufHeader.Read(path).Header is not { } header)
            return null;
        var weights = Parts(path).Sum(Length) - Length(path) + header.TensorBytes;
        foreach (var further in new[] { ValueOf(commandLine, "--mmproj", "-mm"), ValueOf(commandLine, "-md", "--model-draft") })
            weights += further is null ? 0 : Length(Path.GetFullPath(further, folder));

        var context = long.TryParse(
            ValueOf(commandLine, "-c", "--ctx-size"), NumberStyles.None, CultureInfo.InvariantCulture, out var tokens) && tokens > 0
            ? tokens
            : header.ContextLength;
        var perToken = (header.KeyElements * BytesOf(ValueOf(commandLine, "-ctk", "--cache-type-k")))
            + (header.ValueElements * BytesOf(ValueOf(commandLine, "-ctv", "--cache-type-v")));
        return (long)Math.Min(weights + (context * perToken), long.MaxValue / 4);
    }

    /// <summary>The model's file; null when the command line names none.</summary>
    public static string? FileOf(IReadOnlyList<string> commandLine, string folder) =>
        ValueOf(commandLine, "-m", "--model") is { } model ? Path.GetFullPath(model, folder) : null;

    /// <summary>All files of a model that is split over several (name-00001-of-00003.gguf).</summary>
    private static IEnumerable<string> Parts(string path)
    {
        var match = Split().Match(path);
        if (!match.Success || !int.TryParse(match.Groups["count"].Value, CultureInfo.InvariantCulture, out var count))
            return [path];
        return Enumerable.Range(1, count).Select(part =>
            string.Create(CultureInfo.InvariantCulture, $"{match.Groups["name"].Value}-{part:00000}-of-{count:00000}.gguf"));
    }

    private static long Length(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static double BytesOf(string? cacheType) =>
        cacheType is not null && ElementBytes.TryGetValue(cacheType, out var bytes) ? bytes : DefaultElementBytes;

    /// <summary>The last one counts, as for llama-server.</summary>
    private static string? ValueOf(IReadOnlyList<string> commandLine, params ReadOnlySpan<string> names)
    {
        for (var i = commandLine.Count - 2; i > 0; i--)
        {
            if (names.Contains(commandLine[i]))
                return commandLine[i + 1];
        }

        return null;
    }

    [GeneratedRegex(@"^(?<name>.+)-\d{5}-of-(?<count>\d{5})\.gguf$")]
    private static partial Regex Split();
}
