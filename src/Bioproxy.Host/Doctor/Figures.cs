using System.Globalization;

namespace Bioproxy.Host.Doctor;

/// <summary>Formats numbers, sizes and times for reading.</summary>
internal static class Figures
{
    public static string Count(double number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Number(int? count, string what) => count is { } known
        ? $"{Count(known)} {what}{(known == 1 ? string.Empty : "s")}"
        : $"an unknown number of {what}s";

    public static string Bytes(double bytes) => bytes switch
    {
        >= 1e9 => Short(bytes / 1e9) + " GB",
        >= 1e6 => Short(bytes / 1e6) + " MB",
        >= 1e3 => Short(bytes / 1e3) + " KB",
        _ => Count(bytes) + " bytes",
    };

    public static string Time(double seconds) => seconds switch
    {
        >= 120 => Count(seconds / 60) + " min",
        >= 0.9995 => Short(seconds) + " s",
        _ => Short(seconds * 1000) + " ms",
    };

    private static string Short(double number) => number.ToString(number < 9.95 ? "0.0" : "#,0", CultureInfo.InvariantCulture);
}
