namespace Bioproxy.IntegrationTests.Packages;

/// <summary>A test of what <c>scripts/release.sh</c> made; <c>scripts/test-packages.sh</c> runs these.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PackageFactAttribute : FactAttribute
{
    public PackageFactAttribute(bool needsDebian = false, bool needsSystemd = false)
    {
        if (Release.Folder is null)
            Skip = "There is no release to test (remedy: scripts/test-packages.sh).";
        else if (needsDebian && (!Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/dpkg")))
            Skip = "Only root on a Debian system can install the Debian package.";
        else if (needsDebian && File.Exists("/usr/bin/bioproxy"))
            Skip = "A Debian package of Bioproxy is installed, which is not ours to remove.";
        else if (needsSystemd && !OwnSystemd.IsThere)
            Skip = "There is no systemd here.";
    }
}
