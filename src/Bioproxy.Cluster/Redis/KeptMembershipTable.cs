using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.Redis;
using StackExchange.Redis;

namespace Bioproxy.Cluster.Redis;

/// <summary>Orleans' list of silos in Redis, and a copy of what it said last. A Redis that was restarted without its data gets the list
/// back: without it every silo would find itself missing, and stop.</summary>
internal sealed class KeptMembershipTable(
    IMembershipTable table, RedisLink redis, Orleans.Configuration.ClusterOptions cluster, ILogger log) : IMembershipTable
{
    private const string VersionField = "Version";

    private readonly RedisKey _key = RedisClusteringOptions.DefaultCreateRedisKey(cluster);
    private HashEntry[] _last = [];

    public Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        table.InitializeMembershipTableAsync(tryInitTableVersion, cancellationToken);

    public Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken) =>
        table.DeleteMembershipTableEntriesAsync(clusterId, cancellationToken);

    public Task CleanupDefunctSiloEntriesAsync(DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        table.CleanupDefunctSiloEntriesAsync(beforeDate, cancellationToken);

    public Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken) =>
        table.ReadRowAsync(key, cancellationToken);

    public async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        await KeepAsync();
        return await table.ReadAllAsync(cancellationToken);
    }

    public Task<bool> InsertRowAsync(MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken) =>
        table.InsertRowAsync(entry, tableVersion, cancellationToken);

    public Task<bool> UpdateRowAsync(MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken) =>
        table.UpdateRowAsync(entry, etag, tableVersion, cancellationToken);

    public async Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        await KeepAsync();
        await table.UpdateIAmAliveAsync(entry, cancellationToken);
    }

    // The old forms, which the interface still asks for.
    public Task InitializeMembershipTable(bool tryInitTableVersion) =>
        InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    public Task DeleteMembershipTableEntries(string clusterId) => DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) => CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        InsertRowAsync(entry, tableVersion, CancellationToken.None);

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    /// <summary>Copies the list, or writes it back where Redis has an older one.</summary>
    public async Task KeepAsync()
    {
        var database = (await redis.ConnectAsync()).GetDatabase();
        var now = await database.HashGetAllAsync(_key);
        var last = _last;
        if (Version(now) >= Version(last))
        {
            _last = now;
            return;
        }

        // Only while nobody else wrote: the one who did may have brought more.
        var transaction = database.CreateTransaction();
        var version = now.FirstOrDefault(static field => field.Name == VersionField);
        transaction.AddCondition(version.Name.IsNull
            ? Condition.HashNotExists(_key, VersionField)
            : Condition.HashEqual(_key, VersionField, version.Value));
        var restored = transaction.HashSetAsync(_key, last);
        if (!await transaction.ExecuteAsync()) return;
        await restored;
        log.MembersRestored();
    }

    private static int Version(HashEntry[] fields)
    {
        var version = fields.FirstOrDefault(static field => field.Name == VersionField);
        return int.TryParse((string?)version.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
    }
}
