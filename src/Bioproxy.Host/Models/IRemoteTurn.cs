namespace Bioproxy.Host.Models;

/// <summary>A turn that the proxy that owns the model granted: its placement is made already.</summary>
internal interface IRemoteTurn
{
    Placement Placement { get; }

    /// <summary>The backend's first byte came.</summary>
    void Started();

    /// <summary>The work has ended: the owner settles it and takes the lease back. Only the first call counts.</summary>
    void End(WorkOutcome outcome);
}
