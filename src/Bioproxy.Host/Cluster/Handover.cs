using Bioproxy.Cluster.Messages;

namespace Bioproxy.Host.Cluster;

/// <summary>A server that another proxy should schedule, and which one.</summary>
internal readonly record struct Handover(string Server, string From, string To)
{
    /// <summary>
    /// What has to move so that proxies with the newest configuration schedule all that they have, and of these no one two servers more
    /// than another. All proxies find the same from the same reports: each gives what it has to give, and nobody decides for others.
    /// </summary>
    /// <param name="reports">What all proxies tell of themselves. One that is missing neither gives nor receives.</param>
    public static IReadOnlyList<Handover> Of(IReadOnlyList<ProxyReport> reports)
    {
        var newest = NewestOf(reports)?.Configuration;
        var receivers = reports.Where(report => report.Configuration == newest && !report.IsDraining)
            .OrderBy(static report => report.Proxy, StringComparer.Ordinal)
            .Select(static report => (report.Proxy, Servers: report.Servers.ToHashSet(StringComparer.Ordinal)))
            .ToList();
        var owners = OwnersOf(reports);
        var load = reports.ToDictionary(static report => report.Proxy, static _ => 0, StringComparer.Ordinal);
        foreach (var owner in owners.Values)
            load[owner]++;

        var moves = new Dictionary<string, Handover>(StringComparer.Ordinal);
        foreach (var (server, owner) in owners.ToList())
        {
            var able = receivers.Where(receiver => receiver.Servers.Contains(server)).Select(static receiver => receiver.Proxy).ToList();
            if (able.Count == 0 || able.Contains(owner, StringComparer.Ordinal))
                continue;
            Move(server, able.MinBy(proxy => load[proxy])!);
        }

        while (Heaviest() is var (server, to))
            Move(server, to);
        return [.. moves.Values];

        void Move(string server, string to)
        {
            load[owners[server]]--;
            load[to]++;
            moves[server] = new(server, moves.TryGetValue(server, out var earlier) ? earlier.From : owners[server], to);
            owners[server] = to;
        }

        (string Server, string To)? Heaviest()
        {
            var byLoad = receivers.OrderBy(receiver => load[receiver.Proxy]).ToList();
            foreach (var (server, owner) in owners.OrderByDescending(pair => load[pair.Value]))
            {
                if (byLoad.Count == 0 || load[owner] - load[byLoad[0].Proxy] < 2)
                    return null;
                foreach (var (proxy, servers) in byLoad)
                {
                    if (load[owner] - load[proxy] < 2)
                        break;
                    if (servers.Contains(server))
                        return (server, proxy);
                }
            }

            return null;
        }
    }

    /// <summary>The proxy whose configuration was changed last; of several the first by name. Null without any.</summary>
    public static ProxyReport? NewestOf(IReadOnlyList<ProxyReport> reports) => reports
        .OrderByDescending(static report => report.ConfiguredAt).ThenBy(static report => report.Proxy, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>Server → owner. Two that say they own it have not heard of each other yet: then nothing moves.</summary>
    private static SortedDictionary<string, string> OwnersOf(IReadOnlyList<ProxyReport> reports)
    {
        var owners = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var contested = new HashSet<string>(StringComparer.Ordinal);
        foreach (var report in reports)
        {
            foreach (var server in report.Owns)
            {
                if (!owners.TryAdd(server, report.Proxy))
                    contested.Add(server);
            }
        }

        foreach (var server in contested)
            owners.Remove(server);
        return owners;
    }
}
