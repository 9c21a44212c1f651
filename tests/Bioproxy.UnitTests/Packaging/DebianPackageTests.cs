using System.Text.RegularExpressions;
using Bioproxy.UnitTests.Configuration;

namespace Bioproxy.UnitTests.Packaging;

/// <summary>The Debian package before it is built; <c>scripts/test-packages.sh</c> installs the real one.</summary>
public sealed partial class DebianPackageTests
{
    private readonly ILookup<string, string> _unit = PackagingFile.Lines("packaging/deb/bioproxy.service")
        .Where(line => line.Contains('=', StringComparison.Ordinal) && line[0] != '#')
        .ToLookup(line => line.Split('=')[0], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    [Theory]
    [InlineData("Type", "notify")]
    [InlineData("User", "bioproxy")]
    [InlineData("WatchdogSec", "60")]
    [InlineData("StateDirectory", "bioproxy")]
    [InlineData("StateDirectoryMode", "0700")]
    [InlineData("NoNewPrivileges", "yes")]
    [InlineData("ProtectSystem", "strict")]
    [InlineData("ProtectHome", "yes")]
    [InlineData("PrivateTmp", "yes")]
    [InlineData("CapabilityBoundingSet", "")]
    [InlineData("RestrictNamespaces", "yes")]
    [InlineData("RestartPreventExitStatus", "2")]
    public void Unit_Key_HasTheValueThatPackagesPromise(string key, string value) => Assert.Equal(value, Assert.Single(_unit[key]));

    /// <summary>.NET makes code while it runs, and the pool tells processes apart by what is in /proc.</summary>
    [Theory]
    [InlineData("MemoryDenyWriteExecute")]
    [InlineData("ProcSubset")]
    public void Unit_KeyThatTheProgramCannotLiveWith_IsMissing(string key) => Assert.Empty(_unit[key]);

    [Fact]
    public void Configuration_WithTheTemplatesBesideIt_IsValid()
    {
        using var folder = new ConfigurationFolder();
        foreach (var template in Directory.EnumerateFiles(PackagingFile.PathOf("templates")))
            folder.Write($"templates/{Path.GetFileName(template)}", File.ReadAllText(template));

        var options = folder.Valid(PackagingFile.Text("packaging/deb/config.json"));

        Assert.Equal("/var/lib/bioproxy", options.StateDirectory);
        Assert.Equal(["/var/lib/bioproxy/plugins"], options.PluginDirectories);
    }

    /// <summary>dpkg asks before it replaces one that somebody changed.</summary>
    [Fact]
    public void Conffiles_Named_AreAllOfEtc()
    {
        var templates = Directory.EnumerateFiles(PackagingFile.PathOf("templates"))
            .Select(file => $"/etc/bioproxy/templates/{Path.GetFileName(file)}");

        Assert.Equal(templates.Prepend("/etc/bioproxy/config.json").Order(), PackagingFile.Lines("packaging/deb/conffiles").Order());
    }

    [Theory]
    [InlineData("postinst")]
    [InlineData("prerm")]
    [InlineData("postrm")]
    public void Script_OfThePackage_StopsAtTheFirstError(string name) =>
        Assert.Equal(["#!/bin/sh", "set -e"], PackagingFile.Lines($"packaging/deb/{name}")[..2]);

    [Fact]
    public void Placeholders_OfTheTemplates_AreFilledByTheRelease()
    {
        var release = PackagingFile.Text("scripts/release.sh");
        var templates = PackagingFile.Text("packaging/deb/control.in") + PackagingFile.Text("packaging/deb/copyright.in");
        var placeholders = Placeholder().Matches(templates).Select(match => match.Groups[1].Value);

        Assert.All(placeholders, name => Assert.Contains($"{name}=", release, StringComparison.Ordinal));
    }

    [GeneratedRegex("@([A-Z]+)@")]
    private static partial Regex Placeholder();
}
