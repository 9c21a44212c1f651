using System.Security.Cryptography.X509Certificates;
using Orleans.Connections.Security;

namespace Bioproxy.Cluster.Silos;

/// <summary>TLS between proxies: all have the same certificate, and accept no other.</summary>
internal static class SiloTls
{
    public static void Use(ISiloBuilder builder, string certificateFile, string keyFile)
    {
        using var read = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);

        // Windows cannot use a key that was only read from a file for a connection.
        var certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null);
        builder.UseTls(certificate, options =>
        {
            options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
            options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
            options.RemoteCertificateValidation = (other, _, _) => other.RawDataMemory.Span.SequenceEqual(certificate.RawDataMemory.Span);
            options.OnAuthenticateAsClient = (_, client) => client.TargetHost = "bioproxy";
        });
    }
}
