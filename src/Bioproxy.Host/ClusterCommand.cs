using System.Text.Json;
using Bioproxy.Host.CommandLine;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy cluster status</c>: asks the running proxy, which asks the others.</summary>
internal static class ClusterCommand
{
    private const string NoCluster =
        "The running proxy is in no cluster. Add \"cluster\" to its configuration: docs/scale.md shows how.";

    public static Task<int> RunAsync(ConfigurationInput input, CancellationToken cancellationToken) =>
        RunningProxyReport.ShowAsync(input, "cluster status", "/cluster", Show, cancellationToken, onUnknown: NoCluster);

    private static int Show(JsonElement cluster)
    {
        Terminal.Standard.Write(ClusterTable.Report(cluster));
        return cluster.GetProperty("problems").GetArrayLength() == 0 ? 0 : Commands.Failed;
    }
}
