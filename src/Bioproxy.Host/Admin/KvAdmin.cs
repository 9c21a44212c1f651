using System.Text.Json;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Models.Snapshots;

namespace Bioproxy.Host.Admin;

/// <summary>What people may do with snapshots: look, drop, clean up. The admin port answers with it, and so does the command line when no
/// proxy runs.</summary>
internal sealed class KvAdmin(SnapshotCatalogue catalogue, SnapshotFiles files, SnapshotCleaner cleaner)
{
    /// <summary>All snapshots, the most recently used first.</summary>
    public ReadOnlyMemory<byte> List() => AdminJson.Document(writer =>
    {
        var all = catalogue.All.Select(cleaner.Stored).OrderByDescending(s => s.LastUsed).ToList();
        writer.WriteNumber("count", all.Count);
        writer.WriteNumber("bytes", all.Sum(s => s.Snapshot.Bytes));
        if (files.FreeBytes() is { } free)
            writer.WriteNumber("free_bytes", free);
        writer.WriteObjects("snapshots", all, stored => WriteSnapshot(writer, stored));
    });

    /// <summary>One snapshot with all that is known of it; null when there is no such file.</summary>
    public ReadOnlyMemory<byte>? Show(string file)
    {
        if (catalogue.All.FirstOrDefault(s => s.File == file) is not { } snapshot)
            return null;
        return AdminJson.Document(writer =>
        {
            WriteSnapshot(writer, cleaner.Stored(snapshot));
            writer.WriteNumber("text_bytes", snapshot.Chain.Length);
            writer.WriteNumber("prompt_tokens", snapshot.PromptTokens);
            writer.WriteString("ends_with_hash", snapshot.Chain.End.ToString());
            writer.WriteBoolean("file_is_there", files.IsThere(snapshot));
        });
    }

    /// <summary>Removes snapshots and their files.</summary>
    /// <param name="file">The one of this name; null for none.</param>
    /// <param name="domain">All of this domain: its name as the list shows it, an API key, or a value of the domain header; null for none.</param>
    public ReadOnlyMemory<byte> Drop(string? file, string? domain)
    {
        string?[] domains = string.IsNullOrEmpty(domain) ? [] : [domain, Caller.DomainOf(domain, ""), Caller.DomainOf("", domain)];
        var chosen = catalogue.All.Where(s => s.File == file || (s.Domain is not null && domains.Contains(s.Domain))).ToList();
        foreach (var snapshot in chosen)
            catalogue.Remove(snapshot);
        return AdminJson.Document(writer => writer.WriteObjects("removed", chosen, snapshot => WriteGone(writer, snapshot, "it was asked for")));
    }

    /// <summary>Cleans up as the configuration says.</summary>
    /// <param name="isDryRun">Only tell.</param>
    public ReadOnlyMemory<byte> CleanUp(bool isDryRun)
    {
        var gone = isDryRun ? cleaner.Due() : cleaner.Run();
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
        writer.WriteString("identity", snapshot.Identity);
        writer.WriteBoolean("fits_model", stored.FitsModel);
        writer.WriteBoolean("pinned", stored.IsPinned);
        writer.WriteBoolean("in_use", stored.IsInUse);
        writer.WriteString("created", snapshot.Created);
        writer.WriteString("last_used", stored.LastUsed);
    }
}
