using Bioproxy.Doubles;

namespace Bioproxy.DashboardTests;

/// <summary>A test in a real browser before several proxies; skipped where there is no browser or no Redis.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = new BrowserFactAttribute().Skip
        ?? (RedisServer.Program is null ? "There is no redis-server on the PATH, and BIOPROXY_REDIS does not name one." : null);
}
