using System.Text.Json;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Security;

namespace Bioproxy.Host.Admin;

/// <summary>Snapshot operations: list, show, drop, clean up. Used by the admin port, and by <c>bioproxy kv</c> when no proxy is
/// running.</summary>
internal sealed class KvAdmin(SnapshotStore store)
{
    /// <summary>All snapshots, the most recently used first.</summary>
    public ReadOnlyMemory<byte> List() => AdminJson.Document(writer =>
    {
        var all = store.DescribeAll().OrderByDescending(s => s.LastUsed).ToList();
        writer.WriteNumber("count", all.Count);
        writer.WriteNumber("bytes", all.Sum(s => s.Snapshot.Bytes));
        if (store.FreeBytes is { } free)
            writer.WriteNumber("free_bytes", free);
        writer.WriteObjects("snapshots", all, stored => WriteSnapshot(writer, stored));
    });

    /// <summary>All details of one snapshot; null when there is no such file.</summary>
    public ReadOnlyMemory<byte>? Show(string file)
    {
        if (store.All.FirstOrDefault(s => s.File == file) is not { } snapshot)
            return null;
        return AdminJson.Document(writer =>
        {
            WriteSnapshot(writer, store.Describe(snapshot));
            writer.WriteNumber("text_bytes", snapshot.Chain.Length);
            writer.WriteNumber("prompt_tokens", snapshot.PromptTokens);
            writer.WriteString("ends_with_hash", snapshot.Chain.End.ToString());
            writer.WriteBoolean("file_is_there", store.HasFile(snapshot));
        });
    }

    /// <summary>Removes snapshots and their files.</summary>
    /// <param name="file">The snapshot with this file name; null for none.</param>
    /// <param name="domain">All snapshots of this isolation domain: its name in the list, an API key or the name of one, or a value of the
    /// domain header; null for none.</param>
    public ReadOnlyMemory<byte> Drop(string? file, string? domain)
    {
        string?[] domains = string.IsNullOrEmpty(domain) ? [] :
        [
            domain, Caller.DomainOf(domain, ""), Caller.DomainOf("", domain), Caller.DomainOf(ApiKey.ScopeOf(domain), ""),
        ];
        var chosen = store.All
            .Where(s => s.File == file || (s.Domain is not null && domains.Contains(s.Domain)))
            .ToList();
        foreach (var snapshot in chosen)
            store.Remove(snapshot);
        return AdminJson.Document(writer =>
            writer.WriteObjects("removed", chosen, snapshot => WriteRemoved(writer, snapshot, "requested")));
    }

    /// <summary>Pins a snapshot, so that no limit removes it, or lets it go.</summary>
    /// <returns>The snapshot; null when there is no such file.</returns>
    public ReadOnlyMemory<byte>? Pin(string file, bool isPinned)
    {
        if (store.All.FirstOrDefault(s => s.File == file) is not { } snapshot)
            return null;
        store.Pins.Set(file, isPinned);
        return AdminJson.Document(writer => WriteSnapshot(writer, store.Describe(snapshot)));
    }

    /// <summary>Removes what exceeds the limits of the configuration.</summary>
    /// <param name="isDryRun">Report only.</param>
    public ReadOnlyMemory<byte> CleanUp(bool isDryRun)
    {
        var due = isDryRun ? store.FindDue() : store.CleanUp();
        return AdminJson.Document(writer =>
            writer.WriteObjects(isDryRun ? "would_be_removed" : "removed", due, one => WriteRemoved(writer, one.Snapshot, one.Reason)));
    }

    private static void WriteRemoved(Utf8JsonWriter writer, Snapshot snapshot, string reason)
    {
        writer.WriteString("file", snapshot.File);
        writer.WriteString("label", snapshot.Label);
        writer.WriteNumber("bytes", snapshot.Bytes);
        writer.WriteString("reason", reason);
    }

    private void WriteSnapshot(Utf8JsonWriter writer, StoredSnapshot stored)
    {
        var snapshot = stored.Snapshot;
        writer.WriteString("file", snapshot.File);
        writer.WriteString("label", snapshot.Label);
        writer.WriteString("domain", snapshot.Domain);
        writer.WriteNumber("tokens", snapshot.Tokens);
        writer.WriteNumber("turns", snapshot.Turns);
        writer.WriteNumber("bytes", snapshot.Bytes);
        writer.WriteString("identity", snapshot.Fingerprint);
        writer.WriteBoolean("fits_model", stored.FitsModel);
        writer.WriteBoolean("pinned", stored.IsPinned);
        writer.WriteBoolean("pinned_by_operator", store.Pins.Contains(snapshot.File));
        writer.WriteBoolean("in_use", stored.IsInUse);
        writer.WriteString("created", snapshot.Created);
        writer.WriteString("last_used", stored.LastUsed);
    }
}
