//! `s3s`'s trait: one method per operation, each a line to the file that does it.

use s3s::dto::*;
use s3s::{S3, S3Request};

use super::settings::{self, get, never, with};
use super::translate::{Answer, ok};
use super::{
    Wire, buckets, copies, listings, logging, multipart, notifications, objects, policies, reads, versions,
};

#[async_trait::async_trait]
impl S3 for Wire {
    async fn create_bucket(&self, request: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        buckets::create(self, &request.input)
    }

    async fn head_bucket(&self, request: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        buckets::head(self, &request.input)
    }

    async fn delete_bucket(&self, request: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        buckets::delete(self, &request.input)
    }

    async fn list_buckets(&self, request: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        buckets::list(self, &request.input)
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> Answer<GetBucketLocationOutput> {
        buckets::locate(self, &request.input)
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        objects::put(self, request.input).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        reads::get(self, &request.input).await
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        reads::head(self, &request.input)
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        objects::delete(self, request.input)
    }

    async fn delete_objects(&self, request: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        objects::delete_many(self, request.input)
    }

    async fn copy_object(&self, request: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        copies::copy(self, request.input)
    }

    async fn list_objects(&self, request: S3Request<ListObjectsInput>) -> Answer<ListObjectsOutput> {
        listings::v1(self, request.input)
    }

    async fn list_objects_v2(&self, request: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        listings::v2(self, request.input)
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> Answer<ListObjectVersionsOutput> {
        versions::list(self, request.input)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        multipart::create(self, request.input)
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        multipart::put_part(self, request.input).await
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> Answer<UploadPartCopyOutput> {
        copies::copy_part(self, request.input).await
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        multipart::complete(self, request.input)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        multipart::abort(self, &request.input)
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        multipart::list(self, request.input)
    }

    async fn list_parts(&self, request: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        multipart::list_parts(self, request.input)
    }

    async fn get_object_tagging(
        &self,
        request: S3Request<GetObjectTaggingInput>,
    ) -> Answer<GetObjectTaggingOutput> {
        objects::tags(self, &request.input)
    }

    async fn put_object_tagging(
        &self,
        request: S3Request<PutObjectTaggingInput>,
    ) -> Answer<PutObjectTaggingOutput> {
        objects::put_tags(self, request.input)
    }

    async fn delete_object_tagging(
        &self,
        request: S3Request<DeleteObjectTaggingInput>,
    ) -> Answer<DeleteObjectTaggingOutput> {
        objects::delete_tags(self, &request.input)
    }

    async fn get_object_attributes(
        &self,
        request: S3Request<GetObjectAttributesInput>,
    ) -> Answer<GetObjectAttributesOutput> {
        reads::attributes(self, &request.input)
    }

    async fn get_bucket_tagging(
        &self,
        request: S3Request<GetBucketTaggingInput>,
    ) -> Answer<GetBucketTaggingOutput> {
        let tag_set = get(self, &request.input.bucket, |s| s.tags.clone(), settings::NO_TAGS)?;
        ok(GetBucketTaggingOutput { tag_set })
    }

    async fn put_bucket_tagging(
        &self,
        request: S3Request<PutBucketTaggingInput>,
    ) -> Answer<PutBucketTaggingOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| settings.tags = Some(input.tagging.tag_set))?;
        ok(PutBucketTaggingOutput::default())
    }

    async fn delete_bucket_tagging(
        &self,
        request: S3Request<DeleteBucketTaggingInput>,
    ) -> Answer<DeleteBucketTaggingOutput> {
        with(self, &request.input.bucket, |settings| settings.tags = None)?;
        ok(DeleteBucketTaggingOutput::default())
    }

    async fn get_bucket_versioning(
        &self,
        request: S3Request<GetBucketVersioningInput>,
    ) -> Answer<GetBucketVersioningOutput> {
        versions::configuration(self, &request.input)
    }

    async fn put_bucket_versioning(
        &self,
        request: S3Request<PutBucketVersioningInput>,
    ) -> Answer<PutBucketVersioningOutput> {
        versions::configure(self, request.input)
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        request: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> Answer<GetBucketLifecycleConfigurationOutput> {
        let kept = get(self, &request.input.bucket, |s| s.lifecycle.clone(), settings::NO_LIFECYCLE)?;
        let rules = Some(kept.rules);
        ok(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() })
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        request: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> Answer<PutBucketLifecycleConfigurationOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| settings.lifecycle = input.lifecycle_configuration)?;
        ok(PutBucketLifecycleConfigurationOutput::default())
    }

    async fn delete_bucket_lifecycle(
        &self,
        request: S3Request<DeleteBucketLifecycleInput>,
    ) -> Answer<DeleteBucketLifecycleOutput> {
        with(self, &request.input.bucket, |settings| settings.lifecycle = None)?;
        ok(DeleteBucketLifecycleOutput::default())
    }

    async fn get_bucket_encryption(
        &self,
        request: S3Request<GetBucketEncryptionInput>,
    ) -> Answer<GetBucketEncryptionOutput> {
        let kept = with(self, &request.input.bucket, |settings| settings.encryption.clone())?;
        let configuration = kept.unwrap_or_else(settings::default_encryption);
        ok(GetBucketEncryptionOutput { server_side_encryption_configuration: Some(configuration) })
    }

    async fn put_bucket_encryption(
        &self,
        request: S3Request<PutBucketEncryptionInput>,
    ) -> Answer<PutBucketEncryptionOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| {
            settings.encryption = Some(input.server_side_encryption_configuration)
        })?;
        ok(PutBucketEncryptionOutput::default())
    }

    async fn delete_bucket_encryption(
        &self,
        request: S3Request<DeleteBucketEncryptionInput>,
    ) -> Answer<DeleteBucketEncryptionOutput> {
        with(self, &request.input.bucket, |settings| settings.encryption = None)?;
        ok(DeleteBucketEncryptionOutput::default())
    }

    async fn get_bucket_notification_configuration(
        &self,
        request: S3Request<GetBucketNotificationConfigurationInput>,
    ) -> Answer<GetBucketNotificationConfigurationOutput> {
        notifications::get(self, &request.input)
    }

    async fn put_bucket_notification_configuration(
        &self,
        request: S3Request<PutBucketNotificationConfigurationInput>,
    ) -> Answer<PutBucketNotificationConfigurationOutput> {
        notifications::put(self, request.input)
    }

    async fn get_public_access_block(
        &self,
        request: S3Request<GetPublicAccessBlockInput>,
    ) -> Answer<GetPublicAccessBlockOutput> {
        let kept = get(self, &request.input.bucket, |s| s.public_access.clone(), settings::NO_PUBLIC_ACCESS)?;
        ok(GetPublicAccessBlockOutput { public_access_block_configuration: Some(kept) })
    }

    async fn put_public_access_block(
        &self,
        request: S3Request<PutPublicAccessBlockInput>,
    ) -> Answer<PutPublicAccessBlockOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| {
            settings.public_access = Some(input.public_access_block_configuration)
        })?;
        ok(PutPublicAccessBlockOutput::default())
    }

    async fn delete_public_access_block(
        &self,
        request: S3Request<DeletePublicAccessBlockInput>,
    ) -> Answer<DeletePublicAccessBlockOutput> {
        with(self, &request.input.bucket, |settings| settings.public_access = None)?;
        ok(DeletePublicAccessBlockOutput::default())
    }

    async fn get_bucket_policy(
        &self,
        request: S3Request<GetBucketPolicyInput>,
    ) -> Answer<GetBucketPolicyOutput> {
        policies::get(self, &request.input)
    }

    async fn put_bucket_policy(
        &self,
        request: S3Request<PutBucketPolicyInput>,
    ) -> Answer<PutBucketPolicyOutput> {
        policies::put(self, request.input)
    }

    async fn delete_bucket_policy(
        &self,
        request: S3Request<DeleteBucketPolicyInput>,
    ) -> Answer<DeleteBucketPolicyOutput> {
        policies::delete(self, &request.input)
    }

    async fn get_bucket_ownership_controls(
        &self,
        request: S3Request<GetBucketOwnershipControlsInput>,
    ) -> Answer<GetBucketOwnershipControlsOutput> {
        let kept = get(self, &request.input.bucket, |s| s.ownership.clone(), settings::NO_OWNERSHIP)?;
        ok(GetBucketOwnershipControlsOutput { ownership_controls: Some(kept) })
    }

    async fn put_bucket_ownership_controls(
        &self,
        request: S3Request<PutBucketOwnershipControlsInput>,
    ) -> Answer<PutBucketOwnershipControlsOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| settings.ownership = Some(input.ownership_controls))?;
        ok(PutBucketOwnershipControlsOutput::default())
    }

    async fn delete_bucket_ownership_controls(
        &self,
        request: S3Request<DeleteBucketOwnershipControlsInput>,
    ) -> Answer<DeleteBucketOwnershipControlsOutput> {
        with(self, &request.input.bucket, |settings| settings.ownership = None)?;
        ok(DeleteBucketOwnershipControlsOutput::default())
    }

    async fn get_bucket_cors(&self, request: S3Request<GetBucketCorsInput>) -> Answer<GetBucketCorsOutput> {
        let kept = get(self, &request.input.bucket, |s| s.cors.clone(), settings::NO_CORS)?;
        ok(GetBucketCorsOutput { cors_rules: Some(kept.cors_rules) })
    }

    async fn put_bucket_cors(&self, request: S3Request<PutBucketCorsInput>) -> Answer<PutBucketCorsOutput> {
        let input = request.input;
        with(self, &input.bucket, |settings| settings.cors = Some(input.cors_configuration))?;
        ok(PutBucketCorsOutput::default())
    }

    async fn delete_bucket_cors(
        &self,
        request: S3Request<DeleteBucketCorsInput>,
    ) -> Answer<DeleteBucketCorsOutput> {
        with(self, &request.input.bucket, |settings| settings.cors = None)?;
        ok(DeleteBucketCorsOutput::default())
    }

    async fn get_bucket_acl(&self, request: S3Request<GetBucketAclInput>) -> Answer<GetBucketAclOutput> {
        policies::acl(self, &request.input)
    }

    async fn get_bucket_accelerate_configuration(
        &self,
        request: S3Request<GetBucketAccelerateConfigurationInput>,
    ) -> Answer<GetBucketAccelerateConfigurationOutput> {
        with(self, &request.input.bucket, |_| ())?;
        ok(GetBucketAccelerateConfigurationOutput::default())
    }

    async fn get_bucket_request_payment(
        &self,
        request: S3Request<GetBucketRequestPaymentInput>,
    ) -> Answer<GetBucketRequestPaymentOutput> {
        with(self, &request.input.bucket, |_| ())?;
        ok(GetBucketRequestPaymentOutput { payer: Some(Payer::from_static(Payer::BUCKET_OWNER)) })
    }

    async fn get_bucket_logging(
        &self,
        request: S3Request<GetBucketLoggingInput>,
    ) -> Answer<GetBucketLoggingOutput> {
        logging::get(self, &request.input)
    }

    async fn put_bucket_logging(
        &self,
        request: S3Request<PutBucketLoggingInput>,
    ) -> Answer<PutBucketLoggingOutput> {
        logging::put(self, request.input)
    }

    async fn get_bucket_website(
        &self,
        request: S3Request<GetBucketWebsiteInput>,
    ) -> Answer<GetBucketWebsiteOutput> {
        never(self, &request.input.bucket, settings::NO_WEBSITE)
    }

    async fn get_bucket_replication(
        &self,
        request: S3Request<GetBucketReplicationInput>,
    ) -> Answer<GetBucketReplicationOutput> {
        never(self, &request.input.bucket, settings::NO_REPLICATION)
    }

    async fn get_object_lock_configuration(
        &self,
        request: S3Request<GetObjectLockConfigurationInput>,
    ) -> Answer<GetObjectLockConfigurationOutput> {
        never(self, &request.input.bucket, settings::NO_LOCK)
    }
}
