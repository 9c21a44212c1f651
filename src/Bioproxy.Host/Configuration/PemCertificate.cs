using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bioproxy.Host.Configuration;

/// <summary>Loads the certificate of <c>tls</c>.</summary>
internal static class PemCertificate
{
    /// <returns>The certificate with those that signed it, or why it cannot be used.</returns>
    public static (SslStreamCertificateContext? Context, string? Problem) Load(TlsOptions tls)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key);
            if (OperatingSystem.IsWindows())
                certificate = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null); // it needs a stored key
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(tls.Certificate);
            return (SslStreamCertificateContext.Create(certificate, all, offline: true), null);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return (null, e.Message);
        }
    }
}
