using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Bioproxy.Doubles;

/// <summary>A certificate that nobody signed, in PEM files.</summary>
internal static class TestCertificate
{
    /// <summary>Writes <c>server.pem</c> with certificate and key, and <c>server.key</c> with the key alone; replaces what is there.
    /// </summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Whom it names.</param>
    /// <returns>The certificate's thumbprint.</returns>
    public static string Write(string folder, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        var pem = key.ExportPkcs8PrivateKeyPem();
        Replace(Path.Combine(folder, "server.key"), pem);
        Replace(Path.Combine(folder, "server.pem"), $"{certificate.ExportCertificatePem()}\n{pem}\n");
        return certificate.Thumbprint;
    }

    private static void Replace(string path, string text)
    {
        File.WriteAllText($"{path}.new", text);
        File.Move($"{path}.new", path, overwrite: true);
    }
}
