namespace Bioproxy.Host.Pool;

/// <content>What a load would cost, for the router.</content>
internal sealed partial class ModelPool
{
    /// <summary>See <see cref="Backends.IModelLoader.ExpectedSeconds"/>.</summary>
    public double ExpectedSeconds(string name)
    {
        double seconds;
        IReadOnlyList<PoolEntry> victims;
        lock (_lock)
        {
            if (!_entries.TryGetValue(name, out var entry) || entry.CanLease)
                return 0;
            seconds = entry.LoadTime.Seconds(entry.Memory ?? entry.Options.Memory);
            if (entry.State == PoolModelState.Loading)
                return Math.Max(0, seconds - (_time.GetUtcNow() - entry.Since).TotalSeconds);
            var pause = Math.Max(0, (entry.RetryAt - Now).TotalSeconds);
            victims = PoolPlanner.VictimsOf(entry, _entries.Values, _options);
            var tooYoung = victims.Select(victim => (victim.ReadySince + _options.MinLoaded - Now).TotalSeconds);
            seconds += tooYoung.Append(pause).Max();
        }

        return seconds + victims.Sum(victim => _use.LeaveSeconds(victim.Name));
    }
}
