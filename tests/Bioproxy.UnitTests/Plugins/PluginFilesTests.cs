using System.Reflection;
using System.Reflection.Emit;
using Bioproxy.Host.Plugins;

namespace Bioproxy.UnitTests.Plugins;

public sealed class PluginFilesTests : IDisposable
{
    private readonly FixturePlugins _plugins = new();

    public void Dispose() => _plugins.Dispose();

    [Fact]
    public void Missing_WhatALibraryUses_IsFoundAndNotDirect()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_plugins.Folder, "Mine")).FullName;
        var ghost = Define("Ghost", typeof(object));
        var library = Define("Library", ghost.Type);
        var mine = Define("Mine", library.Type);
        library.Assembly.Save(Path.Combine(folder, "Library.dll"));
        mine.Assembly.Save(Path.Combine(folder, "Mine.dll"));

        var missing = Assert.Single(Files(folder).Missing());

        Assert.Equal(("Ghost", "Library.dll", false), (missing.Name.Name, missing.User, missing.IsDirect));

        File.Delete(Path.Combine(folder, "Library.dll"));
        missing = Assert.Single(Files(folder).Missing());
        Assert.Equal(("Library", "Mine.dll", true), (missing.Name.Name, missing.User, missing.IsDirect));
    }

    [Fact]
    public void Missing_LibraryThatTheHostHasNewer_IsNot()
    {
        var folder = _plugins.Add("PrivateDependency");
        File.Delete(Path.Combine(folder, "System.CommandLine.dll"));

        Assert.Empty(Files(folder).Missing());
    }

    [Fact]
    public void UnusedCopies_OwnVersionOfALibraryOfTheHost_IsUsed()
    {
        Assert.Empty(Files(_plugins.Add("PrivateDependency")).UnusedCopies());
    }

    private static PluginFiles Files(string folder) => new(Assert.Single(PluginFinder.At(folder, [])));

    /// <summary>An assembly with one type that has a field of another one.</summary>
    private static (PersistedAssemblyBuilder Assembly, Type Type) Define(string name, Type used)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName(name) { Version = new Version(1, 0) }, typeof(object).Assembly);
        var type = assembly.DefineDynamicModule(name).DefineType(name + "Type", TypeAttributes.Public);
        type.DefineField("used", used, FieldAttributes.Public);
        return (assembly, type.CreateType());
    }
}
