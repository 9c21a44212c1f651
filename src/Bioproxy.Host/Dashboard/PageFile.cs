namespace Bioproxy.Host.Dashboard;

/// <summary>A file of the page.</summary>
/// <param name="Bytes">Its content.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Tag">Its ETag.</param>
internal sealed record PageFile(byte[] Bytes, string ContentType, string Tag);
