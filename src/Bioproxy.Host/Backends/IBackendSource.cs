namespace Bioproxy.Host.Backends;

/// <summary>Backends that are not configured by an address.</summary>
internal interface IBackendSource
{
    /// <summary>Made once; the caller owns them.</summary>
    IReadOnlyList<Backend> Make();
}
