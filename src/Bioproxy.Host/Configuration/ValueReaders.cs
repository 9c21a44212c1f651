using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Configuration;

/// <summary>The kinds of scalars. Accepted values are safe to use: no timer overflows, every address has a host.</summary>
internal static class ValueReaders
{
    // Eleven days: longer than any useful limit, shorter than the 24 days at which timers overflow.
    private const double LongestSeconds = 1_000_000;

    private static readonly Dictionary<string, LogLevel> Levels = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = LogLevel.Trace,
        ["debug"] = LogLevel.Debug,
        ["information"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
    };

    public static ValueReader<string> Host { get; } = new(
        ConfigurationValueKind.Text,
        "a host name or an IP address without port (0.0.0.0 = every interface), or unix: with the path of a socket",
        TryHost)
    {
        Schema = static () => Schemas.Text(),
    };

    public static ValueReader<string> Text { get; } = new(
        ConfigurationValueKind.Text,
        "a string",
        static (string text, [MaybeNullWhen(false)] out string value) => (value = text).Length > 0)
    {
        Schema = static () => Schemas.Text(),
    };

    public static ValueReader<int> Port { get; } = new(
        ConfigurationValueKind.Number,
        "a whole number from 0 to 65535 (0 = a free port)",
        (string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value <= 65535)
    {
        Schema = static () => Schemas.Whole(0, 65535),
    };

    public static ValueReader<bool> Boolean { get; } = new(
        ConfigurationValueKind.Boolean,
        "true or false",
        (string text, out bool value) => bool.TryParse(text, out value));

    public static ValueReader<LogLevel> Level { get; } = new(
        ConfigurationValueKind.Text,
        $"one of {string.Join(", ", Levels.Keys.Select(level => $"\"{level}\""))}",
        (string text, out LogLevel value) => Levels.TryGetValue(text, out value))
    {
        Schema = static () => Schemas.OneOf(Levels.Keys),
    };

    public static ValueReader<string> HeaderName { get; } = new(
        ConfigurationValueKind.Text,
        "the name of a request header, e.g. X-User",
        static (string text, [MaybeNullWhen(false)] out string value) =>
            (value = text).Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
    {
        Schema = static () => Schemas.Pattern("^[A-Za-z0-9_-]+$"),
    };

    public static ValueReader<TimeSpan> Days { get; } = new(
        ConfigurationValueKind.Number,
        "a number of days from 0.001 to 36500 (fractions allowed)",
        (string text, out TimeSpan value) => TryNumber(text, 0.001, 36_500, TimeSpan.FromDays, out value))
    {
        Schema = static () => Schemas.Number(0.001, 36_500),
    };

    public static ValueReader<double> Share { get; } = new(
        ConfigurationValueKind.Number,
        "a number from 0 to 1",
        static (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out value)
            && value is >= 0 and <= 1)
    {
        Schema = static () => Schemas.Number(0, 1),
    };

    /// <summary>Bytes, with a unit.</summary>
    public static ValueReader<long> Size { get; } = new(
        ConfigurationValueKind.Text,
        "a size with its unit, e.g. \"50 GiB\" (KiB, MiB, GiB, TiB)",
        TrySize)
    {
        Schema = static () => Schemas.Pattern("^[0-9.]+ *(KiB|MiB|GiB|TiB)$"),
    };

    public static ValueReader<TimeSpan> Milliseconds { get; } = new(
        ConfigurationValueKind.Number,
        "a number of milliseconds from 1 to 600000",
        (string text, out TimeSpan value) => TryNumber(text, 1, 600_000, TimeSpan.FromMilliseconds, out value))
    {
        Schema = static () => Schemas.Number(1, 600_000),
    };

    /// <summary>The names of an enumeration, in lower case.</summary>
    public static ValueReader<T> Choice<T>()
        where T : struct, Enum => new(
            ConfigurationValueKind.Text,
            $"one of {string.Join(", ", Enum.GetNames<T>().Select(name => $"\"{name.ToLowerInvariant()}\""))}",
            (string text, out T value) => Enum.TryParse(text, ignoreCase: true, out value) && text.All(char.IsLetter))
        {
            Schema = static () => Schemas.OneOf(Enum.GetNames<T>().Select(name => name.ToLowerInvariant())),
        };

    /// <summary>One of several names.</summary>
    public static ValueReader<T> Named<T>(IReadOnlyDictionary<string, T> names) => new(
        ConfigurationValueKind.Text, string.Join(", ", names.Keys), names.TryGetValue)
    {
        Schema = () => Schemas.OneOf(names.Keys),
    };

    public static ValueReader<Uri> Url(string example) => new(
        ConfigurationValueKind.Text,
        $"an absolute http:// or https:// address without user name, ? or #, e.g. {example}",
        TryUrl);

    /// <summary>A server's address. Clients' paths begin with <c>/v1</c> already, so one that ends with it would have it twice.</summary>
    public static ValueReader<Uri> BackendUrl { get; } = new(
        ConfigurationValueKind.Text,
        "an absolute http:// or https:// address without user name, ? or #, and without /v1 at its end, e.g. http://localhost:8081, or "
        + "unix: with the path of a socket",
        static (string text, [MaybeNullWhen(false)] out Uri value) => SocketPath.Of(text) is { } socket
            ? Uri.TryCreate(text, UriKind.Absolute, out value) && SocketPath.IsValid(socket)
            : TryUrl(text, out value) && !value.AbsolutePath.TrimEnd('/').EndsWith("/v1", StringComparison.OrdinalIgnoreCase));

    public static ValueReader<TimeSpan> Seconds(double least) => new(
        ConfigurationValueKind.Number,
        FormattableString.Invariant($"a number of seconds from {least} to {LongestSeconds} (fractions allowed)"),
        (string text, out TimeSpan value) => TryNumber(text, least, LongestSeconds, TimeSpan.FromSeconds, out value))
    {
        Schema = () => Schemas.Number(least, LongestSeconds),
    };

    public static ValueReader<TimeSpan> SecondsOrZero(string meaningOfZero) => new(
        ConfigurationValueKind.Number,
        FormattableString.Invariant($"a number of seconds from 0 to {LongestSeconds} (fractions allowed, 0 = {meaningOfZero})"),
        (string text, out TimeSpan value) => TryNumber(text, 0, LongestSeconds, TimeSpan.FromSeconds, out value))
    {
        Schema = static () => Schemas.Number(0, LongestSeconds),
    };

    public static ValueReader<long> Whole(long least, long most) => new(
        ConfigurationValueKind.Number,
        $"a whole number from {least} to {most}",
        (string text, out long value) =>
            long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most)
    {
        Schema = () => Schemas.Whole(least, most),
    };

    /// <summary>Untyped text may be of any type; a value in the file must have the type of its key.</summary>
    public static bool Fits(this ConfigurationValueKind actual, ConfigurationValueKind expected) =>
        actual == expected || actual == ConfigurationValueKind.Untyped;

    private static bool TryNumber(string text, double least, double most, Func<double, TimeSpan> unit, out TimeSpan value)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        var valid = double.TryParse(text, Style, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most;
        value = valid ? unit(number) : default;
        return valid;
    }

    private static bool TrySize(string text, out long value)
    {
        value = 0;
        var unit = text.AsSpan().TrimStart("0123456789. ").Trim();
        var shift = unit switch { "KiB" => 10, "MiB" => 20, "GiB" => 30, "TiB" => 40, _ => 0 };
        if (shift == 0)
            return false;
        var figure = text.AsSpan()[..^unit.Length].Trim();
        if (!double.TryParse(figure, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var bytes = number * Math.Pow(2, shift);
        value = (long)Math.Min(bytes, long.MaxValue / 2);
        return bytes >= 1024;
    }

    private static bool TryHost(string text, out string value)
    {
        value = text;
        if (SocketPath.Of(text) is { } socket)
            return SocketPath.IsValid(socket);
        value = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        return Uri.CheckHostName(value) != UriHostNameType.Unknown;
    }

    private static bool TryUrl(string text, [MaybeNullWhen(false)] out Uri value) =>
        Uri.TryCreate(text, UriKind.Absolute, out value)
        && (value.Scheme == Uri.UriSchemeHttp || value.Scheme == Uri.UriSchemeHttps)
        && value.Host.Length > 0
        && (value.UserInfo + value.Query + value.Fragment).Length == 0;
}
