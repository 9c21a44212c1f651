using System.IO.Hashing;
using System.Text;

namespace Bioproxy.Benchmarks.Scale;

/// <summary>Chooses owners as <c>ServerPlacementDirector</c> does: the proxy that schedules the fewest servers as far as the one that asks
/// knows, then by a hash.</summary>
internal static class ScalePlacement
{
    /// <summary>Places servers among the proxies that live.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="owned">How many each proxy schedules; negative for a proxy that is dead. Updated.</param>
    /// <param name="isKnown">Those who ask know what was placed before; otherwise all ask at once.</param>
    public static int[] Place(IReadOnlyList<string> servers, int[] owned, bool isKnown = true)
    {
        int[] seen = [.. owned];
        var chosen = new int[servers.Count];
        for (var server = 0; server < servers.Count; server++)
        {
            var known = isKnown ? owned : seen;
            chosen[server] = Enumerable.Range(0, owned.Length).Where(proxy => owned[proxy] >= 0)
                .OrderBy(proxy => known[proxy])
                .ThenBy(proxy => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes($"{servers[server]}\n{NameOf(proxy)}"))).First();
            owned[chosen[server]]++;
        }

        return chosen;
    }

    public static string NameOf(int proxy) => $"10.1.0.{proxy + 1}:11111";
}
