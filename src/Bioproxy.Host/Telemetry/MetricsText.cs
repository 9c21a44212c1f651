using System.Globalization;
using System.Text.RegularExpressions;

namespace Bioproxy.Host.Telemetry;

/// <summary>
/// Reads a metrics page of another program, in Prometheus' text format. Such a page is published among the proxy's own metrics, so nothing
/// of it may break that page: a line that is not exactly as the format has it, or that would collide with one of the proxy's own, is left
/// out, and there is a limit to everything.
/// </summary>
internal sealed partial class MetricsText
{
    /// <summary>llama-server's page has some 15 samples in 3 KB.</summary>
    public const int MostSamples = 1000;

    private const int LongestLine = 1000;

    private static readonly string[] OwnNames = ["bioproxy_", "process_"];
    private static readonly string[] OwnLabels = ["backend", "model", "le", "quantile", "__name__"];

    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _helps = new(StringComparer.Ordinal);
    private readonly List<ForeignSample> _samples = [];
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);

    private MetricsText()
    {
    }

    public IReadOnlyList<ForeignSample> Samples => _samples;

    /// <summary>Reads a page. What stands behind its last line feed has been cut off.</summary>
    public static MetricsText Read(string page)
    {
        var read = new MetricsText();
        var text = page.AsSpan(0, page.LastIndexOf('\n') + 1);
        foreach (var range in text.Split('\n'))
        {
            var line = text[range].TrimEnd('\r');
            if (line.Length is > 0 and <= LongestLine && read._samples.Count < MostSamples)
                read.Take(line.ToString());
        }

        return read;
    }

    /// <summary><c>counter</c> or <c>gauge</c>; <c>untyped</c> for what is declared otherwise, or not at all.</summary>
    public string TypeOf(string name) => _types.GetValueOrDefault(name, "untyped");

    public string HelpOf(string name) => _helps.GetValueOrDefault(name, "");

    private void Take(string line)
    {
        if (line[0] == '#')
            TakeComment(line);
        else if (SampleLine().Match(line) is { Success: true } match)
            TakeSample(match.Groups["name"].Value, match.Groups["labels"].Value, match.Groups["value"].Value);
    }

    private void TakeComment(string line)
    {
        if (CommentLine().Match(line) is not { Success: true } match)
            return;
        var (name, rest) = (match.Groups["name"].Value, match.Groups["rest"].Value);
        if (match.Groups["kind"].Value == "HELP")
            _helps.TryAdd(name, rest);
        else if (rest is "counter" or "gauge")
            _types.TryAdd(name, rest);
    }

    private void TakeSample(string name, string labels, string value)
    {
        var pairs = Label().Matches(labels).OrderBy(static match => match.Groups["name"].Value, StringComparer.Ordinal).ToList();
        var names = pairs.Select(static match => match.Groups["name"].Value).ToList();
        var sorted = string.Join(',', pairs.Select(static match => match.Value));
        if (ValueOf(value) is { } number
            && !OwnNames.Any(own => name.StartsWith(own, StringComparison.Ordinal))
            && !names.Intersect(OwnLabels).Any() && names.Distinct().Count() == names.Count
            && _series.Add($"{name}{{{sorted}}}"))
            _samples.Add(new ForeignSample(name, sorted, number));
    }

    /// <summary>The number as the format writes it; null when it is none.</summary>
    private static string? ValueOf(string value) => value switch
    {
        "NaN" or "+Inf" or "-Inf" => value,
        "Inf" => "+Inf",
        _ => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number.ToString("R", CultureInfo.InvariantCulture)
            : null,
    };

    [GeneratedRegex("""^# (?<kind>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<rest>(?:[^\\\p{Cc}]|\\[\\n])*)$""")]
    private static partial Regex CommentLine();

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\p{Cc}]|\\["\\n])*"(?:,|(?=\})))*)\})?"""
        + """[ \t]+(?<value>[-+.0-9a-zA-Z]{1,40})(?:[ \t]+-?[0-9]{1,20})?[ \t]*$""")]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<name>[a-zA-Z_][a-zA-Z0-9_]*)=\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Label();
}
