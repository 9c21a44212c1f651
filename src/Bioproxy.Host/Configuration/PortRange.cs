using System.Globalization;

namespace Bioproxy.Host.Configuration;

/// <summary>Ports from the first to the last, both included.</summary>
internal readonly record struct PortRange(int First, int Last)
{
    /// <param name="text">Two ports, <c>9100-9199</c>, or one.</param>
    /// <param name="range">The range.</param>
    public static bool TryParse(string text, out PortRange range)
    {
        var parts = text.Split('-', StringSplitOptions.TrimEntries);
        range = default;
        if (parts.Length > 2 || !TryPort(parts[0], out var first) || !TryPort(parts[^1], out var last) || first > last)
            return false;
        range = new PortRange(first, last);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
