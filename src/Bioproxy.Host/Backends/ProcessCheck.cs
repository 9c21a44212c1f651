namespace Bioproxy.Host.Backends;

/// <summary>Whether a backend is still the process that was known.</summary>
internal enum ProcessCheck
{
    /// <summary>It is.</summary>
    Same,

    /// <summary>It is another process, or has unloaded its model since.</summary>
    Other,

    /// <summary>It answered, and this kind or build tells nothing that would show it.</summary>
    Unknown,

    /// <summary>It did not answer in time. That proves nothing and changes no belief.</summary>
    NoAnswer,
}
