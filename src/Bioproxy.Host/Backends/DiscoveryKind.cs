namespace Bioproxy.Host.Backends;

/// <summary>What kind of finding a <see cref="Discovery"/> is.</summary>
internal enum DiscoveryKind
{
    /// <summary>The backend's state is known.</summary>
    Found,

    /// <summary>It did not answer in time.</summary>
    Silence,

    /// <summary>It answered with an error of its own.</summary>
    Failed,

    /// <summary>It is another kind of backend.</summary>
    OtherKind,
}
