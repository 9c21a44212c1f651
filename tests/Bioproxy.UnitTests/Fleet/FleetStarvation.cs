namespace Bioproxy.UnitTests.Fleet;

/// <summary>
/// Whether those who wait for a model at a server that has one at a time get their turn. Requests for the loaded model may pass them for
/// <c>swap.max_wait_seconds</c>, and no longer:
/// <list type="number">
/// <item>Nobody passes one who has waited that long, but those who go through together with somebody who had come before it.</item>
/// <item>So it is let through at the latest when that time, and two turns, are over: that of the model in use and that of the only other
/// one, whose requests may have come before. A turn lasts until the last of those that were let through is done, and the model is
/// saved and gone.</item>
/// <item>While nobody uses a model, a waiting one is let through as soon as the model before it is saved and gone.</item>
/// </list>
/// </summary>
internal sealed class FleetStarvation(Fleet fleet)
{
    /// <summary>Two slots are saved in 80 ms at most, a model goes in 50; a poll of the slot list may have to wait for a second.</summary>
    private static readonly TimeSpan Swap = TimeSpan.FromSeconds(1.5);

    /// <summary>In the pool it also has been loaded for a while first, and the next one is let through when its load has ended.</summary>
    private static readonly TimeSpan PoolSwap = Swap + Fleet.MinLoaded + TimeSpan.FromSeconds(1);

    /// <summary>After crashes the pool waits for a while before it starts a model again.</summary>
    private static readonly TimeSpan PoolPauses = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, List<FleetEntrance>> _servers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _longestUse = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _unusedSince = new(StringComparer.Ordinal);
    private long _entered;

    /// <summary>The longest wait for a model.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>Somebody wants to use a model, until the result is disposed.</summary>
    public FleetEntrance Arrive(string backend, string model)
    {
        var server = backend.StartsWith("pool", StringComparison.Ordinal) ? "pool" : backend;
        var entrance = new FleetEntrance(server, model, ++_entered, fleet.Time);
        if (!_servers.TryGetValue(server, out var there))
            _servers.Add(server, there = []);
        there.Add(entrance);
        return entrance;
    }

    /// <summary>To be called when nothing moves.</summary>
    public void Look()
    {
        var now = fleet.Time.GetTimestamp();
        foreach (var (server, there) in _servers)
        {
            var isPool = server == "pool";
            var swap = isPool ? PoolSwap : Swap;
            foreach (var one in there.Where(one => isPool && one.IsWaiting))
                one.HasPaused |= fleet.Pool.StatusOf($"pool-{one.Model}").Problem is not null;
            foreach (var one in there.Where(one => one.LetThrough == now && !one.IsJudged))
                LookAtTurn(one, there, now, swap);
            LookAtWaits(server, there, now, swap);
            there.RemoveAll(one => one.Ended is { } ended && Between(ended, now) > swap);
        }
    }

    private void LookAtTurn(FleetEntrance one, List<FleetEntrance> there, long now, TimeSpan swap)
    {
        one.IsJudged = true;
        var passed = there.Find(other => other is { IsWaiting: true, HasPaused: false } && other.Model != one.Model
            && other.Number < one.Number && Between(other.Since, now) > Fleet.MaxWait);
        if (passed is null)
            return;

        // Somebody who had come before, and may have left when the swap had begun.
        var isTogether = there.Exists(before => before.Model == one.Model && before.Number < passed.Number
            && (before.LetThrough == now || (before is { LetThrough: null, Ended: { } left } && Between(left, now) <= swap)));
        if (!isTogether)
        {
            fleet.World.Violate($"a request for {one.Model} at {one.Server} passed one for {passed.Model} that has waited for "
                + $"{Between(passed.Since, now).TotalSeconds:0.000} s");
        }
    }

    private void LookAtWaits(string server, List<FleetEntrance> there, long now, TimeSpan swap)
    {
        var longestUse = _longestUse[server] = there.Where(static one => one.LetThrough is not null)
            .Select(one => Between(one.LetThrough!.Value, one.Ended ?? now)).Append(_longestUse.GetValueOrDefault(server)).Max();
        if (there.Find(static one => one.IsWaiting) is not { } first) // they stand in the order of their arrival
        {
            _unusedSince.Remove(server);
            return;
        }

        var waited = Between(first.Since, now);
        LongestWait = waited > LongestWait ? waited : LongestWait;
        if (waited > Fleet.MaxWait + (2 * (longestUse + swap)) + (first.HasPaused ? PoolPauses : TimeSpan.Zero))
            fleet.World.Violate($"somebody waits for {waited.TotalSeconds:0.0} s at {server}, where {longestUse} is the longest use");
        if (there.Exists(static one => one.IsUsing) || there.TrueForAll(static one => !one.IsWaiting || one.HasPaused))
            _unusedSince.Remove(server);
        else if (_unusedSince.TryAdd(server, now) || Between(_unusedSince[server], now) <= swap)
            return;
        else
            fleet.World.Violate($"somebody waits at {server}, where nobody uses a model");
    }

    private TimeSpan Between(long from, long to) => fleet.Time.GetElapsedTime(from, to);
}
