namespace Bioproxy.IntegrationTests.Clients;

/// <summary>Needs Node.js and the packages of <c>tests/NodeClients</c>: <c>scripts/test.sh</c> installs them where there is npm.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute()
    {
        if (Folder is null)
            Skip = "BIOPROXY_NODE_CLIENTS is not set: scripts/get-node-clients.sh prints the folder that it names";
    }

    /// <summary>Where <c>clients.mjs</c> and its packages are; null for nowhere.</summary>
    public static string? Folder { get; } =
        Environment.GetEnvironmentVariable("BIOPROXY_NODE_CLIENTS") is { Length: > 0 } folder ? folder : null;
}
