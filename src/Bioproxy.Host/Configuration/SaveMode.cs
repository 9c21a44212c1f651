namespace Bioproxy.Host.Configuration;

/// <summary>Which conversations become snapshots.</summary>
internal enum SaveMode
{
    /// <summary>Those whose expected benefit exceeds the cost of saving.</summary>
    Auto,

    /// <summary>All that are long enough, within the write budget.</summary>
    Always,

    /// <summary>None; templates are still saved.</summary>
    Never,
}
