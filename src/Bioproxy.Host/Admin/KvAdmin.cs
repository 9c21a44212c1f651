using System.Text.Json;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Admin;

/// <summary>Lists, drops and cleans up snapshots: for the admin port, and for the command line while no proxy runs.</summary>
internal sealed class KvAdmin(SnapshotStore store)
{
    /// <summary>All snapshots, the most recently used first.</summary>
    public ReadOnlyMemory<byte> List() => AdminJson.Document(writer =>
    {
        var all = store.All.Select(store.Describe).OrderByDescending(s => s.LastUsed).ToList();
        writer.WriteNumber("count", all.Count);
        writer.WriteNumber("bytes", all.Sum(s => s.Snapshot.Bytes));
        if (store.FreeBytes is { } free)
            writer.WriteNumber("free_bytes", free);
        writer.WriteObjects("snapshots", all, stored => WriteSnapshot(writer, stored));
    });

    /// <summary>One snapshot with all that is known of it; null when there is no such file.</summary>
    public ReadOnlyMemory<byte>? Show(string file)
    {
        if (store.Index.Find(file) is not { } snapshot)
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
    /// <param name="file">The one of this name; null for none.</param>
    /// <param name="domain">All of this domain: its name as the list shows it, an API key, or a value of the domain header; null for none.</param>
    public ReadOnlyMemory<byte> Drop(string? file, string? domain)
    {
        string?[] domains = string.IsNullOrEmpty(domain) ? [] : [domain, Caller.DomainOf(domain, ""), Caller.DomainOf("", domain)];
        var chosen = store.All.Where(s => s.File == file || (s.Domain is not null && domains.Contains(s.Domain))).ToList();
        foreach (var snapshot in chosen)
            store.Remove(snapshot);
        return AdminJson.Document(writer => writer.WriteObjects("removed", chosen, snapshot => WriteGone(writer, snapshot, "requested")));
    }

    /// <summary>Cleans up as the configuration says.</summary>
    /// <param name="isDryRun">Only tell.</param>
    public ReadOnlyMemory<byte> CleanUp(bool isDryRun)
    {
        var gone = isDryRun ? store.FindDue() : store.CleanUp();
        return AdminJson.Document(writer => writer.WriteObjects(isDryRun ? "would_be_removed" : "removed", gone, one => WriteGone(writer, one.Snapshot, one.Reason)));
    }

    private static void WriteGone(Utf8JsonWriter writer, Snapshot snapshot, string reason)
    {
        writer.WriteString("file", snapshot.File);
        writer.WriteString("label", snapshot.Label);
        writer.WriteNumber("bytes", snapshot.Bytes);
        writer.WriteString("reason", reason);
    }

    private static void WriteSnapshot(Utf8JsonWriter writer, StoredSnapshot stored)
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
        writer.WriteBoolean("in_use", stored.IsInUse);
        writer.WriteString("created", snapshot.Created);
        writer.WriteString("last_used", stored.LastUsed);
    }
}
