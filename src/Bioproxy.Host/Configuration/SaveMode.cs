namespace Bioproxy.Host.Configuration;

/// <summary>Which conversations become snapshots.</summary>
internal enum SaveMode
{
    /// <summary>Those whose expected gain is greater than what saving costs.</summary>
    Auto,

    /// <summary>All that are long enough, within the write budget.</summary>
    Always,

    /// <summary>None; templates are still kept.</summary>
    Never,
}
