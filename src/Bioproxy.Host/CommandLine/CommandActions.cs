using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.CommandLine;

/// <summary>What the commands do; each returns its exit code.</summary>
/// <param name="Run">No command: the proxy.</param>
/// <param name="Check"><c>check</c>.</param>
/// <param name="Doctor"><c>doctor</c>.</param>
/// <param name="Kv"><c>kv …</c>.</param>
/// <param name="Plugins"><c>plugins …</c>.</param>
/// <param name="Health"><c>health</c>.</param>
/// <param name="Misses"><c>misses</c>, with the number of misses to list.</param>
/// <param name="NewKey"><c>key new</c>, with the name of the key.</param>
/// <param name="Schema"><c>schema</c>.</param>
/// <param name="Cluster"><c>cluster status</c>.</param>
/// <param name="Init"><c>init</c>, and whether it asks nothing.</param>
internal sealed record CommandActions(
    Func<ConfigurationInput, CancellationToken, Task<int>> Run,
    Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> Check,
    Func<ConfigurationInput, BackendChoice, CancellationToken, Task<int>> Doctor,
    Func<ConfigurationInput, KvRequest, CancellationToken, Task<int>> Kv,
    Func<ConfigurationInput, PluginsRequest, CancellationToken, Task<int>> Plugins,
    Func<ConfigurationInput, CancellationToken, Task<int>> Health,
    Func<ConfigurationInput, int, CancellationToken, Task<int>> Misses,
    Func<string, CancellationToken, Task<int>> NewKey,
    Func<CancellationToken, Task<int>> Schema,
    Func<ConfigurationInput, CancellationToken, Task<int>> Cluster,
    Func<ConfigurationInput, bool, CancellationToken, Task<int>> Init);
