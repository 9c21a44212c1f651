namespace Bioproxy.Host.Configuration;

/// <summary>The configuration as it is now: the file may change while the proxy runs. Whoever keeps a value of it keeps that of its
/// time.</summary>
internal sealed class LiveOptions(ProxyOptions start)
{
    private volatile ProxyOptions _current = start;
    private volatile ConfigurationReport _report = ConfigurationReport.Unchanged;

    public ProxyOptions Current => _current;

    /// <summary>When the file was last changed to what is in use; the earliest time where there is no file. A change with a mistake in it
    /// is not in use.</summary>
    public DateTime ChangedAt { get; set; } = start.ConfigFile is { } file ? FileStamp.Of(file).Modified : default;

    /// <summary>What became of the last change of the file.</summary>
    public ConfigurationReport Report
    {
        get => _report;
        set => _report = value;
    }

    /// <summary>For what never changes, as in tests.</summary>
    public static implicit operator LiveOptions(ProxyOptions options) => new(options);

    public void Use(ProxyOptions next) => _current = next;
}
