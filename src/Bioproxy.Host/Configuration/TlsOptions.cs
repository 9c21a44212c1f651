namespace Bioproxy.Host.Configuration;

/// <summary><c>tls</c>: what clients see, in PEM files.</summary>
/// <param name="Certificate">The certificate, followed by those that signed it.</param>
/// <param name="Key">Its private key; the same file where it has both.</param>
internal sealed record TlsOptions(string Certificate, string Key);
