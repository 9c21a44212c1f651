namespace Bioproxy.Host.Backends;

/// <summary>Learns of changes of a backend's state.</summary>
internal interface IBackendListener
{
    /// <summary>The state has changed; read it from the monitor. Called without a lock, from any thread, perhaps twice for one change. Must
    /// be quick and must not throw.</summary>
    void BackendChanged();
}
