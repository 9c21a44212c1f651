using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Telemetry;

/// <summary>What is logged; it can be changed while the proxy runs.</summary>
internal sealed class LogLevelSwitch(LogLevel level)
{
    private volatile int _level = (int)level;

    public LogLevel Level
    {
        get => (LogLevel)_level;
        set => _level = (int)value;
    }

    /// <summary>At the level <c>information</c> the framework's own categories log warnings only.</summary>
    public bool IsOn(string? category, LogLevel asked)
    {
        var least = Level;
        if (least == LogLevel.Information && category?.StartsWith("Microsoft", StringComparison.Ordinal) == true)
            least = LogLevel.Warning;
        return asked >= least;
    }
}
