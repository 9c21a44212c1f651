namespace Bioproxy.Abstractions;

/// <summary>The version of the contract between the host and its plugins.</summary>
/// <remarks>
/// The major part of this assembly's version. A plugin carries the version it was compiled against in its assembly
/// references, so there is nothing to declare; the host refuses a plugin whose major version differs and says so.
/// New abilities arrive as new interfaces; a published interface never changes.
/// </remarks>
public static class PluginApi
{
    /// <summary>The contract version this assembly implements.</summary>
    public const int Version = 1;
}
