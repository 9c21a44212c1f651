namespace Bioproxy.Host.Admin;

/// <summary>A snapshot as the status page lists it.</summary>
/// <param name="File">Its file name.</param>
/// <param name="Label">The trigger of its template, or <c>conversation</c>.</param>
/// <param name="Fingerprint">What it is valid for.</param>
/// <param name="FitsModel">Whether that is the loaded model.</param>
/// <param name="Tokens">Tokens it holds.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Created">When it was saved.</param>
internal sealed record SnapshotSummary(
    string File, string Label, string Fingerprint, bool FitsModel, int Tokens, long Bytes, DateTimeOffset Created);
