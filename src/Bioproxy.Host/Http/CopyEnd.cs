namespace Bioproxy.Host.Http;

/// <summary>How the copying of a response ended.</summary>
internal enum CopyEnd
{
    /// <summary>All bytes were passed on.</summary>
    Complete,

    /// <summary>The client left or the host stops.</summary>
    ClientGone,

    /// <summary>The client took nothing for as long as it may.</summary>
    ClientStalled,

    /// <summary>The backend's response broke off.</summary>
    BackendBroke,

    /// <summary>The backend sent nothing for as long as it may.</summary>
    BackendStalled,
}
